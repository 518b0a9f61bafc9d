"""The beta-VAE of tables, and the small ensemble beside it."""
