"""What holds whatever is called in whatever order."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.faults import ApiFault, BootstrapFailure, CapacityShortage, Faults, SpotLoss
from scripts.local.emr.model import CLUSTER_EDGES, STEP_EDGES, ClusterState, StepState
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.unit.local.emr.lab import FAILS, Lab, fleet, fleets, group, groups, spot_rule, step

ENDED = {"TERMINATED", "TERMINATED_WITH_ERRORS"}
SCRIPT = {"bad": FAILS, "long": ScriptedStep(5000), "short": ScriptedStep(1, StepOutcome(succeeded=True))}

steps = st.builds(
    step,
    name=st.sampled_from(["bad", "long", "short"]),
    action=st.sampled_from(["CONTINUE", "CANCEL_AND_WAIT", "TERMINATE_CLUSTER"]),
)
requests = st.one_of(
    st.builds(
        lambda keep_alive, protected, first, level: groups(
            group("MASTER"),
            group("CORE", 2, Market="SPOT"),
            group("TASK", 1),
            keep_alive=keep_alive,
            protected=protected,
            Steps=first,
            StepConcurrencyLevel=level,
            AutoTerminationPolicy={"IdleTimeout": 1800},
        ),
        st.booleans(),
        st.booleans(),
        st.lists(st.builds(step, name=st.sampled_from(["bad", "short"])), max_size=3),
        st.integers(1, 3),
    ),
    st.builds(
        lambda action: fleets(
            fleet("MASTER", 1), fleet("CORE", 1, 2, **spot_rule(action)), fleet("TASK", spot=3, **spot_rule(action))
        ),
        st.sampled_from(["SWITCH_TO_ON_DEMAND", "TERMINATE_CLUSTER"]),
    ),
)
fault_sets = st.builds(
    lambda short, boot, lost, api: Faults(
        shortages=[CapacityShortage(market="SPOT")] if short else [],
        bootstrap=[BootstrapFailure()] if boot else [],
        spot_losses=[SpotLoss(lost, "CORE")] if lost else [],
        api=[ApiFault(name, accepted=True) for name in api],
    ),
    st.booleans(),
    st.integers(0, 9).map(lambda number: number == 0),
    st.sampled_from([0, 100, 500, 2000]),
    st.lists(st.sampled_from(["RunJobFlow", "AddJobFlowSteps", "TerminateJobFlows"]), max_size=2),
)
moves = st.one_of(
    st.tuples(st.just("sleep"), st.sampled_from([1.0, 59.0, 240.0, 400.0, 3000.0])),
    st.tuples(st.just("run"), requests),
    st.tuples(st.just("add"), st.lists(steps, min_size=1, max_size=3)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("terminate"), st.none()),
    st.tuples(st.just("protect"), st.booleans()),
    st.tuples(st.just("keep"), st.booleans()),
    st.tuples(st.just("level"), st.integers(1, 4)),
    st.tuples(st.just("resize"), st.integers(0, 5)),
)


def cancel_a_step(lab: Lab, cluster_id: str, number: int) -> None:
    listed = lab.call("ListSteps", ClusterId=cluster_id)["Steps"]
    if listed:
        lab.call("CancelSteps", ClusterId=cluster_id, StepIds=[listed[number % len(listed)]["Id"]])


def resize(lab: Lab, cluster_id: str, count: int) -> None:
    pool = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"][1]["Id"]
    lab.call("ModifyInstanceGroups", InstanceGroups=[{"InstanceGroupId": pool, "InstanceCount": count}])


MOVES: dict[str, Callable[[Lab, str, Any], Any]] = {
    "sleep": lambda lab, _, seconds: lab.clock.sleep(seconds),
    "run": lambda lab, _, request: lab.run(request),
    "add": lambda lab, cluster_id, configs: lab.add(cluster_id, *configs),
    "cancel": cancel_a_step,
    "terminate": lambda lab, cluster_id, _: lab.call("TerminateJobFlows", JobFlowIds=[cluster_id]),
    "protect": lambda lab, cluster_id, on: lab.call(
        "SetTerminationProtection", JobFlowIds=[cluster_id], TerminationProtected=on
    ),
    "keep": lambda lab, cluster_id, on: lab.call(
        "SetKeepJobFlowAliveWhenNoSteps", JobFlowIds=[cluster_id], KeepJobFlowAliveWhenNoSteps=on
    ),
    "level": lambda lab, cluster_id, level: lab.call("ModifyCluster", ClusterId=cluster_id, StepConcurrencyLevel=level),
    "resize": resize,
}
EXPECTED_REFUSALS = {"ValidationException", "InvalidRequestException", "ThrottlingException"}


def make_move(lab: Lab, cluster_id: str, move: tuple[str, Any]) -> None:
    kind, value = move
    try:
        MOVES[kind](lab, cluster_id, value)
    except EmrApiError as refused:
        if refused.code not in EXPECTED_REFUSALS:
            raise


def check(lab: Lab, cluster_id: str) -> None:
    shown = lab.cluster(cluster_id)
    state, timeline = shown["Status"]["State"], shown["Status"]["Timeline"]
    instances = lab.call("ListInstances", ClusterId=cluster_id)["Instances"]
    listed = lab.call("ListSteps", ClusterId=cluster_id)["Steps"]
    lab.call(
        "ListInstanceFleets" if shown["InstanceCollectionType"] == "INSTANCE_FLEET" else "ListInstanceGroups",
        ClusterId=cluster_id,
    )
    for item in listed:
        lab.step(cluster_id, item["Id"])
        times = item["Status"]["Timeline"]
        assert ("EndDateTime" in times) == (item["Status"]["State"] in {"COMPLETED", "FAILED", "CANCELLED"})
        assert list(times.values()) == sorted(times.values())
    running = [item for item in listed if item["Status"]["State"] == "RUNNING"]
    assert (state == "RUNNING") >= bool(running)
    assert ("EndDateTime" in timeline) == (state in ENDED)
    if state in {*ENDED, "TERMINATING"}:
        assert {item["Status"]["State"] for item in listed} <= {"COMPLETED", "FAILED", "CANCELLED"}
    if state in ENDED:
        assert all(item["Status"]["State"] == "TERMINATED" for item in instances)
        assert all(item["Status"]["Timeline"]["EndDateTime"] <= timeline["EndDateTime"] for item in listed)
    for interval in lab.engine.billing(cluster_id):
        assert interval.billed_seconds >= 60
        assert interval.ended is None or interval.ended >= interval.started
        assert (interval.ended is not None) or state not in ENDED


def check_events(lab: Lab) -> None:
    paths: dict[str, list[str]] = {}
    for event in lab.events:
        detail = event["detail"]
        paths.setdefault(detail.get("stepId", detail["clusterId"]), []).append(detail["state"])
    for subject, path in paths.items():
        for before, after in pairwise(path):
            if subject.startswith("j-"):
                assert ClusterState(after) in CLUSTER_EDGES[ClusterState(before)]
            else:
                assert StepState(after) in STEP_EDGES[StepState(before)]


@settings(max_examples=120)
@given(fault_sets, st.lists(st.tuples(st.integers(0, 3), moves), max_size=25))
def test_any_sequence_of_calls(faults: Faults, sequence: list[tuple[int, tuple[str, Any]]]) -> None:
    lab = Lab(SCRIPT, faults)
    lab.faults.api, planned = [], lab.faults.api
    clusters = [lab.run(groups())]
    lab.faults.api = planned
    for which, move in sequence:
        make_move(lab, clusters[which % len(clusters)], move)
        clusters = [item["Id"] for item in lab.call("ListClusters")["Clusters"]]
        for cluster_id in clusters:
            check(lab, cluster_id)
    check_events(lab)


@settings(max_examples=30)
@given(fault_sets, st.lists(requests, min_size=1, max_size=4))
def test_everything_can_be_ended(faults: Faults, wanted: list[dict[str, Any]]) -> None:
    lab = Lab(SCRIPT, faults)
    faults.api.clear()
    for request in wanted:
        lab.run(request)
        lab.clock.sleep(200)
    for cluster_id in lab.engine.live_clusters():
        if lab.state(cluster_id) != "TERMINATING":
            lab.call("SetTerminationProtection", JobFlowIds=[cluster_id], TerminationProtected=False)
        lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    lab.clock.sleep(90)
    assert lab.engine.live_clusters() == []


def test_many_threads() -> None:
    lab = Lab()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                cluster_id = lab.run(groups(Steps=[step(), step()]))
                lab.clock.sleep(700)
                lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
                lab.clock.sleep(90)
                assert lab.state(cluster_id) == "TERMINATED"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert failures == []
    assert lab.engine.live_clusters() == []
