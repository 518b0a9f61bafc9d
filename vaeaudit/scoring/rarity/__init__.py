"""How rare a latent position is, and what a row then weighs."""
