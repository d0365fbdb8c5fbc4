"""The queue of rejected events: what could not be started or ended, why, and sending it where it was meant to go."""
