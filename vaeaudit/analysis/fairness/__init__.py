"""How outcomes differ between groups, and what gives a sensitive attribute away."""
