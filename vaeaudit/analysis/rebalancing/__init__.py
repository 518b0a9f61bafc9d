"""What to do about what is missing: weights of rows, and the fewest rows to collect."""
