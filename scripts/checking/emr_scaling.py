"""The rules about how clusters are scaled."""

from collections.abc import Iterator

from lambdas.scaling.alarms import rounded
from lambdas.sizing.elastic import ScalingError, fit_policy, left_out
from lambdas.specs import Catalogue, CustomScaling
from lambdas.specs.cluster import Market
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs

_CUSTOM = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html"


def _unfollowable(specs: Specs) -> Iterator[tuple[Place, str]]:
    for policy, who, market, max_nodes in _uses(specs):
        for catalogue in specs.catalogues.values():
            try:
                fit_policy(policy, market, catalogue, max_nodes)
            except ScalingError as error:
                yield specs.of_scaling(policy.name, "rules"), f"{who}: {error}"


def _types_left_out(specs: Specs) -> Iterator[tuple[Place, str]]:
    for policy, who, market, max_nodes in _uses(specs):
        for catalogue in specs.catalogues.values():
            if _can_be_followed(policy, market, catalogue, max_nodes):
                for problem in left_out(policy, market, catalogue, max_nodes):
                    yield specs.of_scaling(policy.name, "task_groups"), f"{who}: {problem}"


def _rounded_periods(specs: Specs) -> Iterator[tuple[Place, str]]:
    for policy in specs.policies.values():
        for number, rule in enumerate(policy.rules):
            if words := rounded(rule):
                yield specs.of_scaling(policy.name, "rules", number), words


def _uses(specs: Specs) -> Iterator[tuple[CustomScaling, str, Market, int]]:
    """Yield each policy with who uses it, where task nodes come from, and how many nodes there may be.

    A policy of no job is looked at with all the nodes it asks for.
    """
    for policy in specs.policies.values():
        uses = [(job, cluster) for job, cluster in specs.complete if job.scaling == policy.name]
        for job, cluster in uses:
            yield policy, f"job {job.name!r}", cluster.task_market, job.limits.max_nodes
        if not uses:
            most = policy.smallest + sum(group.max - group.min for group in policy.task_groups)
            yield policy, "with all the nodes it asks for", "spot", most


def _can_be_followed(policy: CustomScaling, market: Market, catalogue: Catalogue, max_nodes: int) -> bool:
    try:
        return bool(fit_policy(policy, market, catalogue, max_nodes))
    except ScalingError:
        return False


SCALING_RULES = (
    Rule(
        id="scaling-cannot-be-followed",
        severity="error",
        why="A policy that never adds nodes, or adds and removes the same ones for ever, costs money and time.",
        fix="Move the thresholds apart, add and remove fewer nodes at a time, or name other types.",
        link=_CUSTOM,
        find=_unfollowable,
    ),
    Rule(
        id="scaling-type-left-out",
        severity="note",
        why="Runs only take types with which the policy comes to rest.",
        fix="None is needed; leave the type out, or move the thresholds apart so that it can be used.",
        link=_CUSTOM,
        find=_types_left_out,
    ),
    Rule(
        id="scaling-period-rounded",
        severity="note",
        why="EMR publishes its metrics every five minutes, so that an alarm can only watch whole periods of that.",
        fix="None is needed; the spec keeps what was meant, and EMR gets the nearest alarm there can be.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html",
        find=_rounded_periods,
    ),
)
