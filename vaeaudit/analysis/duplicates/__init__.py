"""Which rows occur more than once, and across splits."""
