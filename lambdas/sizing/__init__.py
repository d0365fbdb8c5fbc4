"""From a volume to a cluster: what is expected of every shape, the choice, fleets, settings, receipt. No I/O here."""

from lambdas.sizing.asked import Asked
from lambdas.sizing.choice import Goal
from lambdas.sizing.decide import Decision, Sizes, weigh_sizes
from lambdas.sizing.expect import Known
from lambdas.sizing.ladder import Rung, build_ladder

__all__ = ["Asked", "Decision", "Goal", "Known", "Rung", "Sizes", "build_ladder", "weigh_sizes"]
