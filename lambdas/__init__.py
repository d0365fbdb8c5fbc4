"""The Lambda functions of Slow Lambda, and the domain they share."""
