"""``slow-lambda prices``: the instance catalogue of a region, written anew from AWS, and shown."""
