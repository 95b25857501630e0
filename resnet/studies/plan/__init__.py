"""A study as data and as a file."""
