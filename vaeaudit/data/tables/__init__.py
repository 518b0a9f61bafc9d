"""Records and cells as text, before anything is known about columns."""
