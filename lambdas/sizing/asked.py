"""What a job asks of the size of its runs."""

from dataclasses import dataclass, field

from lambdas.sizing.choice import Goal
from lambdas.sizing.shapes import Shape
from lambdas.specs.scaling import LIMITS_OF_THE_PLAN, Scaling


@dataclass(frozen=True)
class Asked:
    """What a job asks of the size of its runs.

    Attributes
    ----------
    max_nodes
        Instances in all, the primary too; at least 2.
    job_class
        What kind of work it does, as its spec says.
    scaling
        How its clusters are scaled, within ``max_nodes``.
    only
        The one size there is to choose from, where somebody has chosen it; not with a policy, which has its own.
    least_vcpus
        Cores that the workers of a fixed size must have together, where any size has so many.
    """

    max_nodes: int
    job_class: str | None = None
    goal: Goal = field(default_factory=Goal)
    scaling: Scaling = LIMITS_OF_THE_PLAN
    only: Shape | None = None
    least_vcpus: int = 0
