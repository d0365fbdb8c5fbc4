"""Whether an account has what a deployment and its runs need: one function per thing that is looked at."""
