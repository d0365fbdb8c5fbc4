"""Clusters that play loads: four containers a worker, so that what happens can be computed by hand."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scripts.local.emr.load import Load, Phase, Usage
from scripts.local.emr.runner import ScriptedStep
from tests.unit.local.emr.lab import Lab, group, groups, step

WORKER = "m5.4xlarge"
SLOTS = 4
"""16 vCPUs, one container per four of them."""


def lab_with(load: Load, seconds: float = 1.0, **loads: Load) -> Lab:
    """Return a lab whose step `work` has a load, as other steps may by name."""
    script = {"work": ScriptedStep(seconds, load=load)}
    return Lab(script | {name: ScriptedStep(seconds, load=other) for name, other in loads.items()})


def cluster_of(core: int = 1, task: int = 0, **more: Any) -> dict[str, Any]:
    pools = [group("MASTER"), group("CORE", core, WORKER), group("TASK", task, WORKER, **more.pop("task_group", {}))]
    return groups(*pools, **more)


def started(lab: Lab, request: dict[str, Any], *names: str) -> str:
    """Return a ready cluster whose steps began this moment."""
    cluster_id = lab.ready(request)
    lab.add(cluster_id, *(step(name) for name in names or ["work"]))
    return cluster_id


def since(lab: Lab, cluster_id: str, moment: float) -> list[tuple[float, int, int, int, int]]:
    """Return the usage from a moment on: seconds since then, wanted, running, capacity, nodes."""
    return [
        (round(entry.at - moment, 3), entry.wanted, entry.running, entry.capacity, entry.nodes)
        for entry in lab.engine.usage(cluster_id)
        if entry.at >= moment
    ]


def container_seconds(usage: Sequence[Usage]) -> float:
    return sum(entry.running * (following.at - entry.at) for entry, following in pairwise(usage))


def work_of(load: Load) -> float:
    return sum(phase.seconds * phase.containers for phase in load)


def phases(*pairs: tuple[float, int]) -> Load:
    return tuple(Phase(seconds, containers) for seconds, containers in pairs)
