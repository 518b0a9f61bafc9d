"""Whether columns change along a date or the order of the rows."""
