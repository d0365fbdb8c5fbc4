"""What a job asks of the size of its runs."""

from dataclasses import dataclass, field

from lambdas.sizing.choice import Goal


@dataclass(frozen=True)
class Asked:
    """What a job asks of the size of its runs.

    Attributes
    ----------
    max_nodes
        Instances in all, the primary too; at least 2.
    job_class
        What kind of work it does, as its spec says.
    """

    max_nodes: int
    job_class: str | None = None
    goal: Goal = field(default_factory=Goal)
