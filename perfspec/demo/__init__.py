"""A small bookshop to try everything on; it imports nothing of the rest of perfspec."""
