"""A network as data: its config, its layers, its counts."""
