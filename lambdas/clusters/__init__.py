"""Finding and ending the clusters of an execution."""
