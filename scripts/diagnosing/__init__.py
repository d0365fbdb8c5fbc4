"""Judging failed runs from the command line."""
