"""Runs as the command sees them: those of the ledger, and of Step Functions where the ledger has none."""
