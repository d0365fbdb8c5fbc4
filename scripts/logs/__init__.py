"""``slow-lambda logs``: what a run's steps wrote, out of S3."""
