"""The beta-VAE of pictures."""
