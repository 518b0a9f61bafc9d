"""NumPy files as rows or pictures."""
