"""What is to be run: a study as data and as a file, its arms, its plan, its runs and what they
say."""
