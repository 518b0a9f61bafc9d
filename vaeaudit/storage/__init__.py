"""How anything gets onto a disk: for its owner only, whole or not at all, by one process at a time."""
