"""Results of runs: statistics over seeds, arms compared, the paper's numbers, tables."""
