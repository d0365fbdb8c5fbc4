"""Measurements, each behind a command and printed as JSON."""
