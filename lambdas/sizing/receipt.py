"""Five lines that say why a cluster has its size."""

from collections.abc import Sequence

from lambdas.inputs.measure import Measurement
from lambdas.pricing.cost import ASSUMED_SPOT_FRACTION
from lambdas.sizing.estimate import ASSUMED_PROVISION_SECONDS, Estimate
from lambdas.sizing.need import MIB, WAVES, WORKING_SET_SHARE, Need
from lambdas.sizing.shapes import Choice, Shape
from lambdas.specs.cluster import Cluster

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_KINDS_SHOWN = 3
_ALTERNATIVES_SHOWN = 2


def receipt(
    measured: Measurement,
    need: Need,
    choice: Choice,
    cluster: Cluster,
    expected: Estimate,
    warnings: Sequence[str],
) -> list[str]:
    """Return the receipt: measured, needed, chosen, why, and the estimate with warnings.

    Returns
    -------
    list of str
        Five lines of plain text.
    """
    return [
        _measured(measured),
        _needed(need),
        _chosen(choice.shape, cluster),
        _why(choice),
        _estimated(expected, warnings),
    ]


def human_bytes(count: int) -> str:
    """Write bytes as people do, such as ``12.3 GiB``."""
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{count:,} bytes" if power == 0 else f"{count / 1024**power:,.1f} {_UNITS[power]}"


def _mib(count: int) -> str:
    return human_bytes(count * MIB)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _measured(measured: Measurement) -> str:
    several = len(measured.kinds) > 1
    kinds = ", ".join(
        kind.format + ("" if kind.codec == "none" else f"/{kind.codec}") + (f" {human_bytes(size)}" if several else "")
        for kind, size in measured.kinds[:_KINDS_SHOWN]
    )
    more = ", ..." if len(measured.kinds) > _KINDS_SHOWN else ""
    whole = f"{human_bytes(measured.unsplittable_bytes)} in {_count(measured.unsplittable_files, 'file')}"
    split = f"{whole} that cannot be split" if measured.unsplittable_files else "all splittable"
    return (
        f"Measured: {human_bytes(measured.bytes)} in {_count(measured.files, 'file')} ({kinds}{more}), "
        f"the largest {human_bytes(measured.largest_file_bytes)}, {split}."
    )


def _needed(need: Need) -> str:
    return (
        f"Needed: {_count(need.cores, 'core')} for {_count(need.tasks, 'task')} ({WAVES} per core), "
        f"{_mib(need.memory_mib)} for executors ({human_bytes(need.expanded_bytes)} in memory, "
        f"{WORKING_SET_SHARE:.0%} of it held; assumed)."
    )


def _chosen(shape: Shape, cluster: Cluster) -> str:
    name = shape.instance_type.type
    market = cluster.task_market.replace("_", " ")
    task = (
        f", {_count(shape.task_nodes, 'task node')} {name} on {market.removeprefix('on ')}" if shape.task_nodes else ""
    )
    return (
        f"Chosen: primary {cluster.primary_type}, {_count(shape.core_nodes, 'core node')} {name}{task}: "
        f"{shape.vcpus:,} cores, {_mib(shape.yarn_memory_mib)} for YARN, {_count(shape.executors, 'executor')} of "
        f"{shape.layout.cores} cores and {_mib(shape.layout.heap_mib)}."
    )


def _why(choice: Choice) -> str:
    others = ", ".join(
        f"{other.workers} x {other.instance_type.type} ${other.usd_per_hour:.3f}"
        for other in choice.alternatives[:_ALTERNATIVES_SHOWN]
    )
    reason = f"the cheapest of {choice.considered:,} shapes that have both"
    if not choice.is_enough:
        reason = f"the biggest of {choice.considered:,} shapes"
    instead = f"next {others}" if others else "no other family has enough"
    return f"Why: {reason}; workers ${choice.shape.usd_per_hour:.3f} an hour; {instead}."


def _estimated(expected: Estimate, warnings: Sequence[str]) -> str:
    return (
        f"Estimate: {expected.minutes:.0f} minutes ({ASSUMED_PROVISION_SECONDS // 60} to start), "
        f"${expected.usd:.2f}; spot at {ASSUMED_SPOT_FRACTION:.0%} of on demand (assumed). "
        f"Warnings: {' '.join(warnings) if warnings else 'none.'}"
    )
