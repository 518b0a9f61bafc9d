"""Which combinations are missing, against what is given or expected."""
