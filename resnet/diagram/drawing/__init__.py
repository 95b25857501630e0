"""A drawing as data: the position of every part, and the marks that paint it."""
