"""Curves made elsewhere: read, kept, and no more claimed of them than is known."""
