"""From a volume to a cluster: need, shape, fleets, settings, estimate and receipt. Nothing here does I/O."""

from lambdas.sizing.decide import Decision, decide_size
from lambdas.sizing.ladder import Rung, build_ladder

__all__ = ["Decision", "Rung", "build_ladder", "decide_size"]
