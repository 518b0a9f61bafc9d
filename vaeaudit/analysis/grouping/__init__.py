"""How rows are told apart by columns: groups, bins, rules."""
