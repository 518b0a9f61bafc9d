"""Who is here, and who is short of the share that is given."""
