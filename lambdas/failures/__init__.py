"""Why a run failed: the verdict on its work, the class of its failure, and the words for the person who reads it."""
