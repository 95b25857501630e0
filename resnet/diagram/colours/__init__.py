"""Numbers and differences as colours of a drawing."""
