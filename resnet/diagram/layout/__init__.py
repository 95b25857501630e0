"""Where everything on a drawing stands."""
