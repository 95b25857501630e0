"""Curves of arms over seeds: bands, and figures for papers."""
