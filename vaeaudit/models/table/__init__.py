"""The beta-VAE of tables, and the network beside it that judges cells by the others of their rows."""
