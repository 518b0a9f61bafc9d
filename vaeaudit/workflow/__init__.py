"""The way through the house: a file for each thing that people call."""
