"""The network as Keras: the model, a program that builds it, Keras's own picture of it."""
