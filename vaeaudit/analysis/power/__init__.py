"""What this audit could have seen, on this very data."""
