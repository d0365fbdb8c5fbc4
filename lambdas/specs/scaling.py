"""A scaling spec: how EMR makes a cluster larger and smaller while it runs, by itself or by the rules of a policy."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lambdas.specs.types import Count, Duration, Line, Name, Spec, expected, not_empty

# What a job's ``scaling`` says when EMR is to decide, within the limits of the plan.
MANAGED = "managed"

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-group-configuration.html
MAX_TASK_GROUPS = 48
PRIMARY_COUNTS = (1, 3)

# Instances of one group: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html
MAX_GROUP_NODES = 2_000

Operator = Literal["<", "<=", ">", ">="]
Strategy = Literal["default", "advanced"]


@dataclass(frozen=True)
class Metric:
    """A metric EMR publishes of a cluster: its unit in CloudWatch's name, and whether it falls with more to do."""

    unit: Literal["PERCENT", "COUNT"]
    falls: bool


# https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html
METRICS = {
    "YARNMemoryAvailablePercentage": Metric("PERCENT", falls=True),
    "MemoryAvailableMB": Metric("COUNT", falls=True),
    "ContainerPending": Metric("COUNT", falls=False),
    "ContainerAllocated": Metric("COUNT", falls=False),
    "ContainerPendingRatio": Metric("COUNT", falls=False),
    "AppsPending": Metric("COUNT", falls=False),
}

_CONDITION = re.compile(r"\s*([A-Za-z]+)\s*(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*")


class Condition(Spec):
    """A metric beyond a threshold, in the metric's own unit."""

    metric: str
    operator: Operator
    threshold: Decimal

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.threshold}"

    @property
    def means_more_to_do(self) -> bool:
        """Whether it holds when there is more to do, rather than less."""
        return METRICS[self.metric].falls is self.operator.startswith("<")


def parse_condition(value: object) -> Condition:
    """Read ``YARNMemoryAvailablePercentage < 15``."""
    found = _CONDITION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise expected("a condition such as 'YARNMemoryAvailablePercentage < 15', with one of < <= > >=")
    if found[1] not in METRICS:
        raise expected(f"a metric that EMR publishes and can scale by: {', '.join(METRICS)}")
    return Condition.model_validate({"metric": found[1], "operator": found[2], "threshold": Decimal(found[3])})


class Rule(Spec):
    """What is done when a condition has held for a while.

    Attributes
    ----------
    held
        ``for`` in the file: seconds the condition must have held.
    add, remove
        Nodes each task group gets or loses; one of the two.
    cooldown
        Seconds after it in which no rule acts.
    """

    name: Name
    when: Annotated[Condition, BeforeValidator(parse_condition)]
    held: Duration = Field(alias="for")
    add: Count | None = None
    remove: Count | None = None
    cooldown: Duration

    @model_validator(mode="after")
    def _adds_or_removes(self) -> Self:
        if (self.add is None) == (self.remove is None):
            raise expected("either 'add' or 'remove', a number of nodes")
        return self

    @property
    def change(self) -> int:
        """Nodes added; below zero when they are removed."""
        return (self.add or 0) - (self.remove or 0)


def _primary_count(count: int) -> int:
    if count not in PRIMARY_COUNTS:
        raise expected("1 primary node, or 3 for high availability")
    return count


class Primary(Spec):
    """The primary nodes: one, or three for high availability."""

    type: Line
    count: Annotated[Count, AfterValidator(_primary_count)] = 1


class Core(Spec):
    """The core nodes, whose number never changes."""

    type: Line
    count: Annotated[Count, Field(le=MAX_GROUP_NODES)]


class Minimum(Spec):
    """The smallest cluster, without task nodes."""

    primary: Primary
    core: Core


class TaskGroup(Spec):
    """Task nodes, ``min`` to start with and at most ``max``; a run takes one of the types."""

    name: Name
    types: Annotated[tuple[Line, ...], AfterValidator(not_empty)]
    min: Annotated[int, Field(strict=True, ge=0)]
    max: Annotated[Count, Field(le=MAX_GROUP_NODES)]

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if self.min > self.max:
            raise expected(f"a min of at most max; min is {self.min} and max is {self.max}")
        return self


def _few_groups(groups: tuple[TaskGroup, ...]) -> tuple[TaskGroup, ...]:
    if len(groups) > MAX_TASK_GROUPS:
        raise expected(f"at most {MAX_TASK_GROUPS} task groups, which is all EMR allows")
    return groups


def _both_ways(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if not any(rule.add for rule in rules):
        raise expected("at least one rule that adds nodes")
    if not any(rule.remove for rule in rules):
        raise expected("at least one rule that removes nodes")
    return rules


class CustomScaling(Spec):
    """Automatic scaling by a policy of one's own: it needs instance groups, and each task group has all its rules.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html
    """

    name: Name
    description: Line
    minimum: Minimum
    task_groups: Annotated[tuple[TaskGroup, ...], AfterValidator(not_empty), AfterValidator(_few_groups)]
    rules: Annotated[tuple[Rule, ...], AfterValidator(not_empty), AfterValidator(_both_ways)]

    @property
    def smallest(self) -> int:
        """Nodes of the smallest cluster, the primary ones too."""
        return self.minimum.primary.count + self.minimum.core.count + sum(group.min for group in self.task_groups)

    @property
    def types(self) -> tuple[str, ...]:
        """Every instance type it names."""
        named = (
            self.minimum.primary.type,
            self.minimum.core.type,
            *(each for g in self.task_groups for each in g.types),
        )
        return tuple(dict.fromkeys(named))


def _one_of(values: Sequence[int]) -> Callable[[int], int]:
    def check(value: int) -> int:
        if value not in values:
            raise expected(f"one of {', '.join(map(str, values))}")
        return value

    return check


# https://docs.aws.amazon.com/emr/latest/APIReference/API_ManagedScalingPolicy.html
_Index = Annotated[int, AfterValidator(_one_of((1, 25, 50, 75, 100)))]


class ManagedLimits(Spec):
    """Limits of EMR's managed scaling, in core and task nodes; those that are left out follow from the plan.

    Attributes
    ----------
    utilization_performance_index
        With the advanced strategy: 1 saves most, 100 is fastest.
    """

    minimum: Count | None = None
    maximum: Count | None = None
    on_demand_maximum: Count | None = None
    core_maximum: Count | None = None
    strategy: Strategy | None = None
    utilization_performance_index: _Index | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.minimum and self.maximum and self.minimum > self.maximum:
            raise expected(f"a minimum of at most maximum; minimum is {self.minimum} and maximum is {self.maximum}")
        for name in ("core_maximum", "on_demand_maximum"):
            bound = getattr(self, name)
            if self.maximum and bound and bound > self.maximum:
                raise expected(f"{name} of at most maximum; {name} is {bound} and maximum is {self.maximum}")
        if self.core_maximum and self.on_demand_maximum and self.core_maximum > self.on_demand_maximum:
            raise expected(
                "on_demand_maximum of at least core_maximum, because core nodes are on demand; "
                f"on_demand_maximum is {self.on_demand_maximum} and core_maximum is {self.core_maximum}"
            )
        if (self.strategy == "advanced") is (self.utilization_performance_index is None):
            raise expected("strategy: advanced and utilization_performance_index together, or neither")
        return self


class ManagedScaling(Spec):
    """EMR's managed scaling, which works with fleets and with groups.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html
    """

    name: Name
    description: Line
    managed: ManagedLimits


Scaling = CustomScaling | ManagedScaling

LIMITS_OF_THE_PLAN = ManagedScaling(
    name=MANAGED, description="EMR's managed scaling within the limits of the plan.", managed=ManagedLimits()
)
