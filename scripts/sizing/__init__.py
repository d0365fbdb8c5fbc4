"""Sizing from the command line."""
