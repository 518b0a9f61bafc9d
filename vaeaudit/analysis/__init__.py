"""Analysis: from latents and columns to typed results; NumPy, pandas, SciPy, no TensorFlow, nothing drawn."""
