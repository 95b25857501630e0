"""What really differs between arms, and what is proved to be equal."""
