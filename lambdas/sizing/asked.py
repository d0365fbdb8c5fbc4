"""What a job asks of the size of its runs."""

from dataclasses import dataclass, field

from lambdas.sizing.choice import Goal
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
    """

    max_nodes: int
    job_class: str | None = None
    goal: Goal = field(default_factory=Goal)
    scaling: Scaling = LIMITS_OF_THE_PLAN
