"""A run that failed, run again from where it got stuck: what is asked for, what is kept, how big, under which name."""
