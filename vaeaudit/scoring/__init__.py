"""What follows for each row from what a model knows about it; no TensorFlow."""
