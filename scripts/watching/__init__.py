"""Follow a run: what the state machine, the cluster and its steps do, as it happens."""
