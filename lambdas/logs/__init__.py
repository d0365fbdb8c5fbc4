"""The logs EMR ships to S3: where they lie, and their last lines."""
