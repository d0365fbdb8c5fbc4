"""``slow-lambda bench scaling``: a scaling policy played on the EMR engine before anybody pays for it."""
