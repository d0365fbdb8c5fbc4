"""``slow-lambda runs``: what ran, what runs, and all that is known of one run."""
