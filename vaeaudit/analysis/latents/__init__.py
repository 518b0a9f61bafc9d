"""What the hidden axes encode, and how well the model learned."""
