"""Which rows occur more than once, exactly or nearly, and which of them leak between splits."""
