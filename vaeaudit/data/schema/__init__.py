"""What a column is: kind, role, levels; found from cells, or declared."""
