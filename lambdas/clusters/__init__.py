"""Finding the clusters that must end, and ending them."""
