"""How good and how fast: one module per protocol, results as data beside it."""
