"""A network in Keras: the model, a program that builds it, and Keras's own picture of it."""
