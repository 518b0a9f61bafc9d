"""What sections are made of: blocks, tables, figures, galleries."""
