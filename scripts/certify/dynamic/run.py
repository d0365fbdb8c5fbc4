"""Run one case and say how it went."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lambdas import aws
from lambdas.clusters.tags import EXECUTION_TAG, JOB_TAG, LIFETIME_TAG, STAGE_TAG
from lambdas.pricing import Interval, cost_of
from lambdas.specs import Job, load_catalogue, load_cluster, load_job
from scripts.certify.dynamic.acts import Answers, Fault
from scripts.certify.dynamic.cases import Case
from scripts.certify.dynamic.journal import ClusterLife, Journal, Line, Stay
from scripts.certify.dynamic.nets import Deployed, Nets
from scripts.certify.dynamic.saboteur import Saboteur
from scripts.certify.dynamic.scenarios import SCENARIOS, Scenario
from scripts.certify.dynamic.states import Definition, abreast, all_states, steps_of
from scripts.local.adapters.moto import Handler
from scripts.local.emr.billing import BillingInterval
from scripts.local.emr.clock import VIRTUAL_START, VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.in_process import (
    DATA_BUCKET,
    GIVE_UP_SECONDS,
    HANDLERS,
    REGION,
    Conditions,
    ExecutionHangsError,
    InProcessCloud,
    in_process_cloud,
)

REAPER = "reap-clusters"
MARGIN_SECONDS = 7200.0
"""How long a case is watched beyond the longest life of a cluster, after its execution has ended or stands still."""

_STEP_OF_TIME = 60.0
_TAGS = (EXECUTION_TAG, JOB_TAG, STAGE_TAG, LIFETIME_TAG)


@dataclass(frozen=True)
class Machine:
    """What is certified.

    Attributes
    ----------
    job
        The job's name.
    definition
        Its machine, placeholders filled in.
    deployed
        The nets around it.
    handlers
        Lambda handlers to use instead of the project's own.
    """

    job: str
    definition: str
    deployed: Deployed
    handlers: Mapping[str, Handler] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a cluster ended.

    Attributes
    ----------
    net
        What ended it; ``None`` if nothing did.
    untagged
        Which of the project's tags it lacks.
    meanwhile
        Whether the execution was still at work then.
    minutes, usd
        For how long nobody needed it, and what that cost.
    """

    cluster: str
    net: str | None
    untagged: tuple[str, ...]
    meanwhile: bool
    minutes: float
    usd: float


@dataclass(frozen=True)
class Observation:
    """What was seen of a case.

    Attributes
    ----------
    status, error, cause
        The execution's.
    struck
        Whether a fault of the case happened.
    steps, left
        The steps of the job, and those of them that no cluster completed, in order.
    stays
        The states visited, in order.
    """

    status: str
    error: str | None
    cause: str | None
    struck: bool
    steps: tuple[str, ...]
    left: tuple[str, ...]
    clusters: tuple[Ended, ...]
    stays: tuple[Stay, ...]
    timeline: tuple[Line, ...]


def observe(machine: Machine, case: Case) -> Observation:
    """Run a case to the end of its last cluster, or to the horizon.

    Raises
    ------
    ExecutionHangsError
        The execution does not end in real time.
    """
    scenario = SCENARIOS[case.scenario]
    faults = scenario.faults()
    clock = VirtualClock(VIRTUAL_START)
    journal = Journal(clock)
    job = load_job(machine.job)
    seconds = job.max_lifetime(load_cluster(job.cluster)) + MARGIN_SECONDS

    definition = json.loads(machine.definition)
    steps = list(steps_of(definition).values())
    wanted = (*_undone(definition, scenario), *case.faults)
    saboteur = Saboteur(wanted, all_states(definition), faults, journal, lambda: _watch(cloud, seconds))
    conditions = Conditions(machine.definition, journal.observe, saboteur, clock, keeps_clients=True)
    script = scenario.script(steps, abreast(definition))
    with in_process_cloud(machine.job, script, faults, machine.handlers, conditions) as cloud:
        aws.s3().put_object(Bucket=DATA_BUCKET, Key=_input_key(job), Body=b"1,2\n" * 1000)
        reaper = {**HANDLERS, **machine.handlers}[REAPER]
        nets = Nets(clock, journal, lambda event: reaper(event, None), machine.deployed, case.nets)
        nets.start()
        execution = _execute(cloud, saboteur, scenario.document, case.id)
        if journal.status != "RUNNING":  # or it has been watched where it stood
            nets.execution_ended(execution)
            _watch(cloud, seconds)
        struck = any(fault in saboteur.struck for fault in case.faults)
        return _observation(journal, cloud.engine, execution, struck, steps)


def _undone(definition: Definition, scenario: Scenario) -> list[Fault]:
    """Return the fault by which a step is taken as done."""
    if scenario.undone is None:
        return []
    return [Fault("undone", list(steps_of(definition))[scenario.undone], 1, Answers({}, undone=True))]


def _input_key(job: Job) -> str:
    """Return a key below the job's own input."""
    return job.input.partition("}/")[2] + "part-0.csv"


def _execute(cloud: InProcessCloud, saboteur: Saboteur, document: dict[str, Any], case_id: str) -> dict[str, Any]:
    sfn = aws.stepfunctions()
    arn = sfn.start_execution(stateMachineArn=cloud.machine, name="run", input=json.dumps(document))["executionArn"]
    if not saboteur.over.wait(GIVE_UP_SECONDS):
        sfn.stop_execution(executionArn=arn)
        raise ExecutionHangsError(f"the case {case_id} did not end within {GIVE_UP_SECONDS:.0f} s")
    return dict(sfn.describe_execution(executionArn=arn))


def _watch(cloud: InProcessCloud, seconds: float) -> None:
    """Let time pass until no cluster lives, or to the horizon."""
    end = cloud.clock.now() + seconds
    while cloud.engine.live_clusters() and cloud.clock.now() < end:
        cloud.clock.sleep(_STEP_OF_TIME)


def _observation(
    journal: Journal, engine: EmrEngine, execution: dict[str, Any], struck: bool, steps: Sequence[str]
) -> Observation:
    completed = {name for life in journal.lives.values() for name in _completed(engine, life.id)}
    return Observation(
        status=journal.status,
        error=execution.get("error"),
        cause=execution.get("cause"),
        struck=struck,
        steps=tuple(steps),
        left=tuple(step for step in steps if step not in completed),
        clusters=tuple(_ended(journal, life, engine) for life in journal.lives.values()),
        stays=tuple(journal.stays()),
        timeline=tuple(journal.lines),
    )


def _completed(engine: EmrEngine, cluster_id: str) -> Iterator[str]:
    for step in engine.call("ListSteps", {"ClusterId": cluster_id, "StepStates": ["COMPLETED"]})["Steps"]:
        yield step["Name"]


def _ended(journal: Journal, life: ClusterLife, engine: EmrEngine) -> Ended:
    until = life.ended if life.ended is not None else journal.clock.now()
    since = min(_unneeded_since(journal, life), until)
    usd = _cost(engine.billing(life.id), since)
    net = life.net if life.ended is not None else None
    meanwhile = journal.status != "RUNNING" and journal.ended_at is not None and until <= journal.ended_at
    shown = engine.call("DescribeCluster", {"ClusterId": life.id})["Cluster"]
    tags = {tag["Key"] for tag in shown["Tags"]}
    untagged = tuple(tag for tag in _TAGS if tag not in tags)
    return Ended(life.id, net, untagged, meanwhile, round((until - since) / 60, 2), usd)


def _unneeded_since(journal: Journal, life: ClusterLife) -> float:
    """Return the moment from which on nobody needed a cluster.

    When the run succeeded that is the end of the cluster's last step. Otherwise it is when the fault struck; for a
    cluster made later, or without a fault, the execution's end.
    """
    if journal.status == "SUCCEEDED":
        return life.idle_since
    if journal.struck_at is None or life.created > journal.struck_at:
        return journal.ended_at if journal.ended_at is not None else journal.clock.now()
    return journal.struck_at


def _cost(intervals: list[BillingInterval], since: float) -> float:
    late = [
        Interval(each.instance_type, "spot" if each.market == "SPOT" else "on_demand", seconds)
        for each in intervals
        if (seconds := each.billed_seconds - max(0.0, since - each.started)) > 0
    ]
    total = cost_of(late, load_catalogue(REGION)).total if late else Decimal(0)
    return round(float(total), 4)
