"""Thousands of events into the local cloud, and whether exactly the runs come of them that should."""
