"""What a model leaves about rows, as objects that rooms hand on and runs keep: arrays with their shapes declared."""
