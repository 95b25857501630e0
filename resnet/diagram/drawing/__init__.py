"""A drawing as data: what stands where, and the marks that paint it."""
