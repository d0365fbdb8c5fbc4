"""``make deploy`` and ``make remove``: a stage built on AWS by osls, and taken away again."""
