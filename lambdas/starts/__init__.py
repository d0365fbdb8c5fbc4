"""From what starts a job to its execution: one for every version of an input, however often it is announced."""
