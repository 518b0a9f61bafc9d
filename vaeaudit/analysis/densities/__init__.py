"""How rare a row is: joint densities of the latents, and the histograms of DB-VAE."""
