"""What a failed run tries next: other capacity, more memory, or the same again, from the step that failed."""
