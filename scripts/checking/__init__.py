"""What ``slow-lambda check`` finds: rules, and the specs they look at."""
