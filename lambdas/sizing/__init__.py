"""From a volume to a cluster: need, shape, fleets, settings, estimate and receipt. Nothing here does I/O."""

from lambdas.sizing.decide import Decision, decide_size

__all__ = ["Decision", "decide_size"]
