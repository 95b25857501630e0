"""What runs say: statistics over seeds, arms compared, the paper's numbers, tables."""
