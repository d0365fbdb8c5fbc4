"""The rules about specs."""

from collections.abc import Iterator

from lambdas.scaling.alarms import rounded
from lambdas.sizing.elastic import ScalingError, fit_policy, left_out
from lambdas.specs import Catalogue, CustomScaling
from lambdas.specs.cluster import Market
from lambdas.specs.document import Key, read_document
from lambdas.specs.paths import scaling_file
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs


def _mistakes(specs: Specs) -> Iterator[tuple[Place, str]]:
    for each in specs.mistakes:
        key = f"{each.key}: " if each.key else ""
        yield Place(each.file, each.line), f"{key}expected {each.expected}; found {each.found}"


def _unfollowable(specs: Specs) -> Iterator[tuple[Place, str]]:
    for policy, who, market, max_nodes in _uses(specs):
        for catalogue in specs.catalogues.values():
            try:
                fit_policy(policy, market, catalogue, max_nodes)
            except ScalingError as error:
                yield _place(specs, policy, ("rules",)), f"{who}: {error}"


def _types_left_out(specs: Specs) -> Iterator[tuple[Place, str]]:
    for policy, who, market, max_nodes in _uses(specs):
        for catalogue in specs.catalogues.values():
            if _can_be_followed(policy, market, catalogue, max_nodes):
                for problem in left_out(policy, market, catalogue, max_nodes):
                    yield _place(specs, policy, ("task_groups",)), f"{who}: {problem}"


def _rounded_periods(specs: Specs) -> Iterator[tuple[Place, str]]:
    for policy in specs.policies.values():
        for number, rule in enumerate(policy.rules):
            if words := rounded(rule):
                yield _place(specs, policy, ("rules", number)), words


def _uses(specs: Specs) -> Iterator[tuple[CustomScaling, str, Market, int]]:
    """Yield each policy with who uses it, where task nodes come from, and how many nodes there may be.

    A policy of no job is looked at with all the nodes it asks for.
    """
    for policy in specs.policies.values():
        jobs = [job for job in specs.jobs.values() if job.scaling == policy.name and job.cluster in specs.clusters]
        for job in jobs:
            yield policy, f"job {job.name!r}", specs.clusters[job.cluster].task_market, job.limits.max_nodes
        if not jobs:
            most = policy.smallest + sum(group.max - group.min for group in policy.task_groups)
            yield policy, "with all the nodes it asks for", "spot", most


def _can_be_followed(policy: CustomScaling, market: Market, catalogue: Catalogue, max_nodes: int) -> bool:
    try:
        return bool(fit_policy(policy, market, catalogue, max_nodes))
    except ScalingError:
        return False


def _place(specs: Specs, policy: CustomScaling, key: Key) -> Place:
    document = read_document(scaling_file(policy.name, specs.root), specs.root)
    return Place(document.name, document.line(key))


SPEC_RULES = (
    Rule(
        id="spec-invalid",
        severity="error",
        why="A spec that cannot be read keeps its jobs from being rendered and deployed.",
        fix="Write what is expected there.",
        find=_mistakes,
    ),
    Rule(
        id="scaling-cannot-be-followed",
        severity="error",
        why="A policy that never adds nodes, or adds and removes the same ones for ever, costs money and time.",
        fix="Move the thresholds apart, add and remove fewer nodes at a time, or name other types.",
        find=_unfollowable,
    ),
    Rule(
        id="scaling-type-left-out",
        severity="warning",
        why="Runs only take types with which the policy comes to rest.",
        fix="Leave the type out, or move the thresholds apart so that it can be used.",
        find=_types_left_out,
    ),
    Rule(
        id="scaling-period-rounded",
        severity="note",
        why="EMR publishes its metrics every five minutes, so that an alarm can only watch whole periods of that.",
        fix="None is needed; the spec keeps what was meant, and EMR gets the nearest alarm there can be.",
        find=_rounded_periods,
    ),
)
