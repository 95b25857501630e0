"""Why two losses differ."""
