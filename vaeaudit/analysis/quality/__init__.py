"""What the columns hold."""
