"""Arrays in, arrays out: NumPy, SciPy and scikit-learn, nothing of vaeaudit."""
