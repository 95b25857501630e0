"""Honest ablations: why losses differ, what is wrong with a recipe, and what seeds allow to be said."""
