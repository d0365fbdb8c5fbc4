"""The plan and the record of a run, and where they are stored."""
