"""How EMR is told to scale: policies and limits in its own names, and whether a policy ever comes to rest. No I/O."""
