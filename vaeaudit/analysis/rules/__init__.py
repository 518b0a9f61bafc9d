"""What holds in the table by construction: columns that repeat, follow from others, or cannot go together."""
