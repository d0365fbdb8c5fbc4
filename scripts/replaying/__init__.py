"""Runs again: one, or many at a time."""
