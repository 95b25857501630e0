"""Runs: directories that tell the whole truth about a training, and the processes that work on them."""
