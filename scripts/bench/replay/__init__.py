"""A thousand failed runs, and how long it takes to plan their replay within AWS's API limits."""
