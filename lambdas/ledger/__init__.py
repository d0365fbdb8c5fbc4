"""The ledger: one item of the run table for every run, from its start on."""
