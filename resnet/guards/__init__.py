"""The real differences between arms, and proofs of what is equal."""
