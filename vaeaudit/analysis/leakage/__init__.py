"""What tells the label, and what tells it too well."""
