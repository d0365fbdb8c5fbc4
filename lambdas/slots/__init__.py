"""At most so many runs of a job at a time; the others wait in the order in which they were started."""
