"""A source, whatever it is, to a `Dataset`."""
