"""Studies: as data and as a file, their arms, plans, runs and results."""
