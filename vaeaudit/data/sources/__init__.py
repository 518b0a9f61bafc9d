"""Files: which there are, what they are by content, and their readers."""
