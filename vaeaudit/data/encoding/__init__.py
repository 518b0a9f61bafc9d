"""How typed rows and pictures become numbers."""
