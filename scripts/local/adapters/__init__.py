"""Thin adapters that put the EMR engine under an emulator of everything else."""
