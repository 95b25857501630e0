"""The course of arms over seeds: bands, figures for paper."""
