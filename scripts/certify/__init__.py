"""The no-orphan certificate: that no execution leaves a cluster running."""
