"""What past runs teach: Spark's event logs, one entry per run in the run table, and how much each of them counts."""
