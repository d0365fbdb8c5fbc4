"""What a run was asked for, and what lies there."""
