"""Runs one EMR step's `spark-submit` for real, on this machine, over a mirror of the local S3."""
