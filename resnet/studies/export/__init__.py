"""What a study leaves as: a report, a zip that repeats it, and that zip read again."""
