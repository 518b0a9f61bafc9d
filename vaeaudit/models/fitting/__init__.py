"""From encoded rows to a trained model, and from a stored one."""
