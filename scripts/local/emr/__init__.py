"""Amazon EMR in plain Python on a clock: clusters, steps, capacity, failures and bills, without an AWS account.

Start at `engine.EmrEngine`. The modules, from the outside in:

- `engine` takes API calls; `shapes` and `validation` refuse the wrong ones; `describe` shapes the answers.
- `starting`, `provisioning`, `resizing`, `steps`, `idle` and `ending` are the life of a cluster over the data in
  `model`; `transitions` is the only way from state to state.
- `load` says what a step wants; `playing` works it off on the clock, by the containers (`containers`, `capacity`) of
  the nodes in service; `yarn` has the data and the log. `scaling` reads that log and resizes.
- `world` is what they share: the clock, the lock, what has to be told to the outside once the lock is free.
- `runner` and `faults` are what a test or the local cloud plugs in; `sync` is Step Functions' view of it all.
"""
