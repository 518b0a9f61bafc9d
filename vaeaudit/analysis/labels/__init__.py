"""What a model would be trained to predict, and whether it can be."""
