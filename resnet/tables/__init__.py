"""Layers, families and comparisons as tables."""
