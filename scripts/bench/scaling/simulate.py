"""A trace played on the EMR engine: a cluster with one step whose load it is, and EMR ends the cluster after it."""

from dataclasses import dataclass
from typing import Any

from scripts.bench.scaling.alternatives import Alternative
from scripts.bench.scaling.traces import Trace
from scripts.local.emr.billing import BillingInterval
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.load import Usage
from scripts.local.emr.runner import ScriptedRunner, ScriptedStep

LOOK_SECONDS = 30.0
"""How often the number of requested nodes is read. Our choice: changes within less count as one."""

LONGEST_SECONDS = 7 * 24 * 3600.0
"""A load that is not worked off by then never will be. Our choice."""

_STEP = "load"


class SimulationError(RuntimeError):
    """A cluster that did not work its load off."""


@dataclass(frozen=True)
class Target:
    """The core and task nodes requested from a moment on: epoch seconds, virtual."""

    at: float
    nodes: int


@dataclass(frozen=True)
class Played:
    """What became of a load; moments are epoch seconds, virtual.

    Attributes
    ----------
    requested, ended
        Of the cluster.
    started, finished
        Of the work.
    targets
        The nodes requested while the work ran, one entry a change.
    """

    requested: float
    started: float
    finished: float
    ended: float
    usage: tuple[Usage, ...]
    billing: tuple[BillingInterval, ...]
    targets: tuple[Target, ...]


def play(trace: Trace, alternative: Alternative) -> Played:
    """Play a trace on a cluster of its own, from the request to the end.

    Raises
    ------
    SimulationError
        The load is not worked off within ``LONGEST_SECONDS``.
    """
    clock = VirtualClock()
    requested = clock.now()
    # The step itself takes no time: its load does.
    engine = EmrEngine(clock, ScriptedRunner(clock, {_STEP: ScriptedStep(0.0, load=trace.phases)}))
    cluster_id = engine.call("RunJobFlow", _request(alternative))["JobFlowId"]
    targets: list[Target] = []
    while engine.live_clusters():
        if clock.now() > requested + LONGEST_SECONDS:
            raise SimulationError(
                f"{alternative.name} has not worked {trace.name} off after {LONGEST_SECONDS / 3600:.0f} hours: "
                "not one container fits on its nodes, or too few"
            )
        nodes = _requested_nodes(engine, cluster_id)
        if not targets or targets[-1].nodes != nodes:
            targets.append(Target(clock.now(), nodes))
        clock.sleep(LOOK_SECONDS)
    step = engine.call("ListSteps", {"ClusterId": cluster_id})["Steps"][0]["Status"]
    cluster = engine.call("DescribeCluster", {"ClusterId": cluster_id})["Cluster"]["Status"]
    if step["State"] != "COMPLETED":
        raise SimulationError(f"{alternative.name} did not complete {trace.name}: {cluster['StateChangeReason']}")
    finished = step["Timeline"]["EndDateTime"]
    return Played(
        requested=requested,
        started=step["Timeline"]["StartDateTime"],
        finished=finished,
        ended=cluster["Timeline"]["EndDateTime"],
        usage=tuple(engine.usage(cluster_id)),
        billing=tuple(engine.billing(cluster_id)),
        targets=tuple(target for target in targets if target.at <= finished),
    )


def _request(alternative: Alternative) -> dict[str, Any]:
    managed = {"ManagedScalingPolicy": alternative.managed} if alternative.managed else {}
    return managed | {
        "Name": alternative.name,
        "ScaleDownBehavior": "TERMINATE_AT_TASK_COMPLETION",
        "AutoScalingRole": "EMR_AutoScaling_DefaultRole",
        "Instances": {"InstanceGroups": alternative.groups, "KeepJobFlowAliveWhenNoSteps": False},
        "Steps": [
            {
                "Name": _STEP,
                "ActionOnFailure": "TERMINATE_CLUSTER",
                "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "load.py"]},
            }
        ],
    }


def _requested_nodes(engine: EmrEngine, cluster_id: str) -> int:
    groups = engine.call("ListInstanceGroups", {"ClusterId": cluster_id})["InstanceGroups"]
    return sum(group["RequestedInstanceCount"] for group in groups if group["InstanceGroupType"] != "MASTER")
