"""What is drawn: which blocks are folded, and the words on them."""
