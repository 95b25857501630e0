"""How a network is trained, as data: the recipe, the catalogue of recipes, the schedule, the split,
the samples."""
