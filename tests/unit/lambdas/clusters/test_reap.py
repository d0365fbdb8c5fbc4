"""The function as it is started: by the machine, by an execution's end, by the clock."""

import datetime
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas import aws, reap_clusters
from lambdas.clusters.judge import Reason
from lambdas.clusters.problems import ReapError
from scripts.local.adapters.moto import installed
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.faults import ApiFault, Faults
from scripts.local.emr.runner import ScriptedRunner
from tests.unit.lambdas.clusters.support import Executions, ending, refuse, run
from tests.unit.lambdas.emr import ARN, START, Emr

MINUTE = 60
OVER = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def started(event: dict[str, Any]) -> list[str]:
    answer = reap_clusters.handler(event, None)
    assert set(answer) == {"terminated"}
    return list(json.loads(json.dumps(answer["terminated"])))


def by_machine(execution: str = ARN) -> dict[str, Any]:
    return {"execution": {"id": execution, "name": "run-1", "started": START.isoformat()}}


def by_status(execution: str = ARN, status: str = "ABORTED") -> dict[str, Any]:
    detail = {"executionArn": execution, "status": status, "startDate": int(START.timestamp() * 1000)}
    return {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": detail}


def by_clock(now: datetime.datetime) -> dict[str, Any]:
    return {"source": "aws.events", "detail-type": "Scheduled Event", "time": now.isoformat()}


def swept(emr: Emr) -> list[str]:
    return started(by_clock(emr.now()))


@pytest.mark.parametrize("event", [by_machine(), by_status()])
def test_the_clusters_of_an_execution(emr: Emr, event: dict[str, Any]) -> None:
    own = [run(emr, ARN, protected=number == 0) for number in range(2)]
    others = [run(emr, f"{ARN}-2"), run(emr, None), run(emr, None, stage=None, lifetime=None)]
    assert started(event) == own[::-1]
    assert ending(emr, [*own, *others]) == own
    assert started(event) == []


@pytest.mark.parametrize("event", [by_machine(), by_status()])
def test_a_cluster_that_lost_its_stage_is_still_the_executions(emr: Emr, event: dict[str, Any]) -> None:
    cluster_id = run(emr, ARN, stage=None)
    assert started(event) == [cluster_id]


def test_a_stage_hears_of_executions_of_a_stage_whose_name_begins_like_its_own(emr: Emr) -> None:
    cluster_id = run(emr, ARN, stage="test-2")
    assert started(by_status()) == []
    assert ending(emr, [cluster_id]) == []


def test_no_cluster_from_before_the_execution_is_described(emr: Emr) -> None:
    for _ in range(3):
        run(emr, f"{ARN}-0")
    emr.clock.sleep(59 * MINUTE)
    later = {"startDate": int(emr.now().timestamp() * 1000)}
    event = by_status()
    own = run(emr, ARN)
    assert started({**event, "detail": {**event["detail"], **later}}) == [own]
    assert len(emr.called("DescribeCluster")) == 1


@pytest.mark.parametrize("status", OVER)
def test_sweep_of_executions_that_are_over(emr: Emr, executions: Executions, status: str) -> None:
    cluster_id = run(emr, executions.start(status))
    assert swept(emr) == [cluster_id]
    assert ending(emr, [cluster_id]) == [cluster_id]


def test_sweep_of_unknown_executions(emr: Emr, executions: Executions) -> None:
    known = run(emr, executions.start())
    nobodys = [run(emr, execution) for execution in (executions.unknown(), ARN, "no ARN at all")]
    assert swept(emr) == nobodys[::-1]
    assert ending(emr, [known]) == []


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_sweep_of_clusters_that_are_too_old(emr: Emr, executions: Executions, status: str) -> None:
    old = run(emr, executions.start(status), lifetime=str(60 * MINUTE))
    emr.clock.sleep(30 * MINUTE)
    young = run(emr, executions.start(status), lifetime=str(60 * MINUTE))
    for_ever = [run(emr, executions.start(status), lifetime=text) for text in (None, "6h")]
    emr.clock.sleep(30 * MINUTE)
    assert swept(emr) == []
    emr.clock.sleep(1)
    assert swept(emr) == [old]
    assert ending(emr, [young, *for_ever]) == []


def test_the_sweeps_moment_is_its_events(emr: Emr, executions: Executions) -> None:
    cluster_id = run(emr, executions.start(), lifetime="60")
    emr.clock.sleep(59 * MINUTE)
    assert started(by_clock(START)) == []
    assert started(by_clock(START + datetime.timedelta(seconds=61))) == [cluster_id]


def test_sweep_leaves_what_is_not_the_stages(emr: Emr, executions: Executions) -> None:
    over = executions.start("FAILED")
    foreign = [
        run(emr, over, stage="other", lifetime="1"),
        run(emr, over, stage=None, lifetime="1"),
        run(emr, None, lifetime="1"),
        emr.run(None),
    ]
    emr.clock.sleep(59 * MINUTE)
    own = run(emr, over)
    assert swept(emr) == [own]
    assert ending(emr, foreign) == []


def test_sweep_over_several_pages_and_batches(emr: Emr, executions: Executions) -> None:
    over, running = executions.start("FAILED"), executions.start()
    made = [run(emr, over if number % 3 else running) for number in range(120)]
    doomed = [each for number, each in enumerate(made) if number % 3]
    assert swept(emr) == doomed[::-1]
    assert ending(emr, made) == doomed
    assert len(emr.called("ListClusters")) == 3
    assert [len(call["JobFlowIds"]) for call in emr.called("TerminateJobFlows")] == [10] * 8
    assert swept(emr) == []


def test_an_execution_is_looked_up_once(emr: Emr, executions: Executions) -> None:
    looked_up = []
    aws.stepfunctions().meta.events.register(
        "provide-client-params.sfn.DescribeExecution", lambda params, **_: looked_up.append(params["executionArn"])
    )
    running = executions.start()
    for _ in range(3):
        run(emr, running)
    run(emr, running, stage="other")
    assert swept(emr) == []
    assert looked_up == [running]


@pytest.mark.parametrize("code", ["AccessDeniedException", "KmsThrottlingException"])
def test_a_lookup_that_fails_keeps_its_cluster_and_fails_at_the_end(
    emr: Emr, executions: Executions, code: str
) -> None:
    over = [run(emr, executions.start("FAILED"))]
    secret = executions.start("FAILED")
    kept = run(emr, secret)
    over.append(run(emr, executions.start("ABORTED")))
    refuse("stepfunctions", "DescribeExecution", "executionArn", secret, code)
    with pytest.raises(ReapError, match=rf"1 calls failed.*looking up execution {secret}.*{code}"):
        swept(emr)
    assert ending(emr, [*over, kept]) == over


def test_a_lookup_that_fails_does_not_save_a_cluster_that_is_too_old(emr: Emr, executions: Executions) -> None:
    secret = executions.start()
    cluster_id = run(emr, secret, lifetime="60")
    emr.clock.sleep(61)
    refuse("stepfunctions", "DescribeExecution", "executionArn", secret, "AccessDeniedException")
    with pytest.raises(ReapError, match="AccessDeniedException"):
        swept(emr)
    assert ending(emr, [cluster_id]) == [cluster_id]


def test_a_cluster_that_cannot_be_described_does_not_save_the_others(emr: Emr, executions: Executions) -> None:
    over = executions.start("FAILED")
    made = [run(emr, over) for _ in range(3)]
    refuse("emr", "DescribeCluster", "ClusterId", made[1], "InternalServerException")
    with pytest.raises(ReapError, match=rf"describing cluster {made[1]}.*InternalServerException"):
        swept(emr)
    assert ending(emr, made) == [made[0], made[2]]


def test_a_page_that_cannot_be_listed_does_not_save_the_clusters_of_the_others(
    emr: Emr, executions: Executions
) -> None:
    over = executions.start("FAILED")
    made = [run(emr, over) for _ in range(60)]
    throttled = ApiFault("ListClusters", calls=10)

    def throttle_the_second_page(params: dict[str, Any], **_unused: Any) -> None:
        if "Marker" in params and throttled not in emr.faults.api:
            emr.faults.api.append(throttled)

    emr.client.meta.events.register("provide-client-params.emr.ListClusters", throttle_the_second_page)
    with pytest.raises(ReapError, match=r"listing clusters.*Rate exceeded"):
        swept(emr)
    assert ending(emr, made) == made[10:]
    assert swept(emr) == made[:10][::-1]


@pytest.mark.parametrize("action", ["ListClusters", "DescribeCluster", "TerminateJobFlows", "SetTerminationProtection"])
def test_throttling_that_passes(emr: Emr, executions: Executions, action: str) -> None:
    cluster_id = run(emr, executions.start("FAILED"), protected=True)
    emr.faults.api.append(ApiFault(action, calls=9))
    assert swept(emr) == [cluster_id]


@pytest.mark.parametrize("action", ["ListClusters", "DescribeCluster", "TerminateJobFlows", "SetTerminationProtection"])
def test_throttling_that_persists_fails_so_that_the_retry_succeeds(
    emr: Emr, executions: Executions, action: str
) -> None:
    cluster_id = run(emr, executions.start("FAILED"), protected=True)
    emr.faults.api.append(fault := ApiFault(action, calls=1000))
    with pytest.raises(ReapError, match="Rate exceeded"):
        swept(emr)
    fault.calls = 0
    assert ending(emr, [cluster_id]) == []
    assert swept(emr) == [cluster_id]


def test_every_ended_cluster_is_logged_with_its_reason(
    emr: Emr, executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(
        reap_clusters.logger, "info", lambda message, extra: logged.append({"message": message, **extra})
    )
    execution = executions.start()
    cluster_id = run(emr, execution, lifetime="60")
    emr.clock.sleep(61)
    swept(emr)
    assert logged == [
        {
            "message": reap_clusters.ENDED,
            "cluster": cluster_id,
            "reason": Reason.TOO_OLD,
            "execution": execution,
            "job": "count",
            "stage": "test",
        }
    ]


def execution_with(executions: Executions, status: str) -> str | None:
    if status == "untagged":
        return None
    return executions.unknown() if status == "unknown" else executions.start(status)


kinds = st.fixed_dictionaries(
    {
        "status": st.sampled_from([*OVER, "RUNNING", "PENDING_REDRIVE", "unknown", "untagged"]),
        "stage": st.sampled_from(["test", "test", "test", "test-2", "other", None]),
        "lifetime": st.sampled_from([None, "much", "60", "3000", "100000"]),
        "protected": st.booleans(),
        "pause": st.integers(0, 1200),
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(kinds, max_size=14))
def test_exactly_the_right_ones_end(account: None, executions: Executions, made: list[dict[str, Any]]) -> None:
    clock, faults = VirtualClock(START.timestamp()), Faults()
    engine = EmrEngine(clock, ScriptedRunner(clock, {}), faults)
    emr = Emr(engine, clock, aws.emr(), faults, {})
    with installed(engine, clock, {}):
        ages: dict[str, float] = {}
        for kind in made:
            cluster_id = run(
                emr,
                execution_with(executions, kind["status"]),
                stage=kind["stage"],
                lifetime=kind["lifetime"],
                protected=kind["protected"],
            )
            ages[cluster_id] = clock.now()
            clock.sleep(kind["pause"])
        doomed = []
        for (cluster_id, created), kind in zip(ages.items(), made, strict=True):
            lifetime = kind["lifetime"]
            old = lifetime is not None and lifetime.isdigit() and clock.now() - created > int(lifetime)
            ours = kind["stage"] == "test" and kind["status"] != "untagged"
            if ours and (kind["status"] not in ("RUNNING", "PENDING_REDRIVE") or old):
                doomed.append(cluster_id)
        assert swept(emr) == doomed[::-1]
        assert ending(emr, list(ages)) == doomed
        assert swept(emr) == []
