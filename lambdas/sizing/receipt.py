"""A few lines that say why a cluster has its size, and what to mind."""

from lambdas.inputs.measure import Measurement
from lambdas.scaling.alarms import rounded
from lambdas.sizing.alternatives import Alternative
from lambdas.sizing.asked import Asked
from lambdas.sizing.bounds import Bounds
from lambdas.sizing.decide import Decision
from lambdas.sizing.elastic import Elastic
from lambdas.sizing.expect import ASSUMED_PROVISION_SECONDS, Known, Spread
from lambdas.sizing.need import MAX_PARTITION_BYTES
from lambdas.sizing.shapes import Shape
from lambdas.sizing.words import count_of, human_bytes, human_mib, human_time, percent
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster, Market

_MARKET_WORDS: dict[Market, str] = {"spot": "on spot", "on_demand": "on demand"}

_KINDS_SHOWN = 3
_RUNS_SHOWN = 2

# A file that only one task can read and that takes this many parts' time holds up the whole run.
_LONG_FILE_PARTS = 8

# So many files that open no faster than they read are worth a word.
_MANY_SMALL_FILES = 1_000


def receipt(
    measured: Measurement, asked: Asked, known: Known, decision: Decision, cluster: Cluster, catalogue: Catalogue
) -> list[str]:
    """Return the receipt: measured, known, chosen, expected, why, instead, and warnings.

    Returns
    -------
    list of str
        Seven lines of plain text, and one on the policy where a policy decides.
    """
    warnings = warnings_of(measured, asked, decision)
    return [
        _measured(measured),
        _known(known, asked),
        _chosen(decision, cluster),
        _expected(decision, known, catalogue),
        _why(decision, asked),
        _instead(decision.alternatives),
        f"Warnings: {' '.join(warnings) if warnings else 'none.'}",
        *([_scaling(decision.elastic)] if decision.elastic else []),
    ]


def warnings_of(measured: Measurement, asked: Asked, decision: Decision) -> list[str]:
    """Return what a user should mind, a sentence each."""
    warnings = []
    if decision.would_keep:
        warnings.append(f"{what_fails(asked)} {what_would(decision.would_keep)}")
    longest = measured.largest_unsplittable_bytes
    if longest > _LONG_FILE_PARTS * MAX_PARTITION_BYTES:
        warnings.append(
            f"One task alone reads a file of {human_bytes(longest)} that cannot be split, whatever the cluster's size: "
            f"more than {count_of(max(1, round(decision.need.max_tasks)), 'core')} cannot help to read this input; "
            "write it in parts, or in a format that can be split."
        )
    if measured.small_files > max(_MANY_SMALL_FILES, measured.files // 2):
        warnings.append(
            f"{measured.small_files:,} of {measured.files:,} files take Spark longer to open than to read; "
            "write fewer and larger ones."
        )
    return warnings


def what_fails(asked: Asked) -> str:
    """Say which limits nothing keeps."""
    return (
        f"No cluster of at most {asked.max_nodes:,} nodes (limits.max_nodes) keeps {_limits(asked)} with "
        f"{percent(asked.goal.confidence)} confidence."
    )


def what_would(bounds: Bounds) -> str:
    """Say which limits something would keep."""
    deadline, budget = bounds.deadline, bounds.budget
    offers = []
    if deadline:
        offers.append(f"{_name(deadline.shape)} would keep a deadline of {human_time(deadline.below)}")
    if budget:
        offers.append(f"{_name(budget.shape)} would keep a budget of ${budget.below:.2f}")
    return f"{' and '.join(offers)}{', each by itself' if len(offers) > 1 else ''}."


def _limits(asked: Asked) -> str:
    goal, limits = asked.goal, []
    if goal.deadline_seconds is not None:
        limits.append(f"the deadline of {human_time(goal.deadline_seconds / 60)}")
    if goal.budget_usd is not None:
        limits.append(f"the budget of ${goal.budget_usd:.2f}")
    return " and ".join(limits)


def _measured(measured: Measurement) -> str:
    several = len(measured.kinds) > 1
    kinds = ", ".join(
        kind.format + ("" if kind.codec == "none" else f"/{kind.codec}") + (f" {human_bytes(size)}" if several else "")
        for kind, size in measured.kinds[:_KINDS_SHOWN]
    )
    more = ", ..." if len(measured.kinds) > _KINDS_SHOWN else ""
    whole = f"{human_bytes(measured.unsplittable_bytes)} in {count_of(measured.unsplittable_files, 'file')}"
    split = f"{whole} that cannot be split" if measured.unsplittable_files else "all splittable"
    partitions = f" and {count_of(measured.partitions, 'partition')}" if measured.partitions else ""
    return (
        f"Measured: {human_bytes(measured.bytes)} in {count_of(measured.files, 'file')}{partitions} ({kinds}{more}), "
        f"the largest {human_bytes(measured.largest_file_bytes)}, {split}."
    )


def _known(known: Known, asked: Asked) -> str:
    others = f"{count_of(known.others, 'run')} of other {asked.job_class} jobs"
    kind = f"what {asked.job_class} jobs usually do" if asked.job_class else "a usual job: job.yml names no class"
    out = ", ".join(f"{number} {reason}" for reason, number in sorted(known.left_out.items()))
    left_out = f", left out: {out}" if out else ""
    if not known.names:
        return f"Known: no past run of this job{left_out}; taken from {others if known.others else kind}."
    more = f" and {others}" if known.others else ""
    error = ""
    if known.last_error is not None:
        error = f"; the last took {_off(known.last_error)}"
    newest = ", ".join(known.names[:_RUNS_SHOWN]) + (", ..." if len(known.names) > _RUNS_SHOWN else "")
    return f"Known: {count_of(len(known.names), 'past run')} of this job ({newest}){more}{left_out}{error}."


def _off(error: float) -> str:
    if error > 1:
        return f"{error + 1:.1f} times as long as predicted"
    return f"{percent(abs(error))} {'longer' if error > 0 else 'less'} than predicted"


def _chosen(decision: Decision, cluster: Cluster) -> str:
    if decision.elastic:
        return _chosen_elastic(decision.elastic)
    shape = decision.shape
    name, layout = shape.instance_type.type, shape.layout
    market = _MARKET_WORDS[shape.market]
    task = f", {count_of(shape.task_nodes, 'task node')} {name} {market}" if shape.task_nodes else ""
    return (
        f"Chosen: primary {cluster.primary_type}, {count_of(shape.core_nodes, 'core node')} {name}{task}: "
        f"{shape.vcpus:,} cores, {human_mib(shape.yarn_memory_mib)} for YARN, "
        f"{count_of(shape.executors, 'executor')} of {layout.cores} cores and {human_mib(layout.heap_mib)}."
    )


def _chosen_elastic(elastic: Elastic) -> str:
    layout, primary = elastic.layout, elastic.policy.minimum.primary
    primaries = f"primary {primary.type}" if primary.count == 1 else f"{primary.count} primaries {primary.type}"
    task = ", ".join(
        f"{group.minimum} to {count_of(group.maximum, 'task node')} {group.instance_type.type}"
        for group in elastic.groups
    )
    return (
        f"Chosen: {primaries}, {count_of(elastic.core_nodes, 'core node')} {elastic.core_type}, {task} "
        f"{_MARKET_WORDS[elastic.market]} by the policy {elastic.policy.name}: to start with {elastic.vcpus:,} cores, "
        f"{human_mib(elastic.yarn_memory_mib)} for YARN, {count_of(elastic.executors, 'executor')} of {layout.cores} "
        f"cores and {human_mib(layout.heap_mib)}, and at most {count_of(elastic.most_executors, 'executor')}."
    )


def _scaling(elastic: Elastic) -> str:
    changed = [words for rule in elastic.policy.rules if (words := rounded(rule))]
    return f"Scaling: {'; '.join(changed) if changed else 'every rule is watched as it is written'}."


def _expected(decision: Decision, known: Known, catalogue: Catalogue) -> str:
    minutes, usd = decision.estimate.minutes, decision.estimate.usd
    start = (known.provision_seconds or ASSUMED_PROVISION_SECONDS) / 60
    assumed = "" if known.provision_seconds else ", assumed"
    return (
        f"Expected{_of(decision)}: {_range(minutes, '{:.0f}')} minutes ({start:.0f} to start{assumed}), "
        f"${_range(usd, '{:.2f}')} at prices of {catalogue.prices_as_of.isoformat()}; "
        "in brackets where four of five runs lie."
    )


def _of(decision: Decision) -> str:
    """Say what is expected of what, where a policy decides: nobody knows what it will come to."""
    return f" of a fixed {_name(decision.shape)}, whatever the policy comes to" if decision.elastic else ""


def _range(spread: Spread, form: str) -> str:
    median, low, high = (form.format(value) for value in (spread.median, spread.low, spread.high))
    return f"{median} ({low} to {high})" if low != high else median


def _why(decision: Decision, asked: Asked) -> str:
    goal, shapes = asked.goal, f"{decision.considered:,} {'fixed sizes' if decision.elastic else 'shapes'}"
    if goal.deadline_seconds is None and goal.budget_usd is None:
        return f"Why: the cheapest of {shapes}; no deadline and no budget is set."
    sure = f"{percent(decision.kept)} sure of {_limits(asked)}"
    if not decision.fits:
        return f"Why: nothing of {shapes} is sure enough; this is the best, {sure}."
    what = "cheapest" if goal.deadline_seconds is not None else "fastest"
    return f"Why: the {what} of {shapes} that are {percent(goal.confidence)} sure or more; {sure}."


def _instead(alternatives: tuple[Alternative, ...]) -> str:
    others = [
        f"{_name(other.shape)}, {other.estimate.minutes.median:.0f} minutes, ${other.estimate.usd.median:.2f}: "
        f"{other.why_not}"
        for other in alternatives
    ]
    return f"Instead: {'; '.join(others) if others else 'nothing else may be used'}."


def _name(shape: Shape) -> str:
    return f"{shape.workers} x {shape.instance_type.type}"
