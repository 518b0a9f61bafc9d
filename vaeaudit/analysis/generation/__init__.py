"""Rows that a model made: what was wished for, whether they keep the rules of the table, how good they are."""
