"""The whole machine in one process, on a virtual clock: moto, the EMR engine, and the Lambdas called directly.

What the tests and the certificate run thousands of times. No time passes and no port is opened; what is rendered for
AWS is what is executed.
"""

import contextlib
import gzip
import itertools
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import moto

from lambdas import aws, close_run, diagnose_failure, grant_slots, plan_run, reap_clusters, record_run, record_step
from lambdas.logs.layout import cluster_logs, step_folder
from lambdas.specs import load_cluster, load_job
from scripts.local.adapters.moto import Handler, installed
from scripts.local.adapters.moto_faults import Interference
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.events import STEP_EVENT
from scripts.local.emr.faults import Faults
from scripts.local.emr.runner import Script, ScriptedRunner
from scripts.local.emr.world import Observer
from scripts.local.tables import create_run_table, create_start_table
from scripts.rendering.machine import render_machine

REGION = "us-east-1"
ACCOUNT = "123456789012"
DATA_BUCKET = "data-bucket"
LOG_BUCKET = "log-bucket"
RUN_TABLE = "runs"
START_TABLE = "starts"
START_QUEUE = "starts"
SUBNET_IDS = "subnet-00000000000000001,subnet-00000000000000002"
GIVE_UP_SECONDS = 60.0

HANDLERS: dict[str, Handler] = {
    "plan-run": plan_run.handler,
    "diagnose-failure": diagnose_failure.handler,
    "record-run": record_run.handler,
    "reap-clusters": reap_clusters.handler,
    "grant-slots": grant_slots.handler,
    "record-step": record_step.handler,
    "close-run": close_run.handler,
}
_STEP_IS_OVER = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "STAGE": "test",
    "DATA_BUCKET": DATA_BUCKET,
    "CODE_BUCKET": "code-bucket",
    "LOG_BUCKET": LOG_BUCKET,
    "RUN_TABLE": RUN_TABLE,
    "START_TABLE": START_TABLE,
    "START_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{START_QUEUE}",
    "MACHINE_ARN_PREFIX": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:",
    "SUBNET_IDS": SUBNET_IDS,
    "POWERTOOLS_SERVICE_NAME": "slow-lambda",
}


class ExecutionHangsError(RuntimeError):
    """An execution did not end within ``GIVE_UP_SECONDS`` of real time."""


@dataclass(frozen=True)
class Ended:
    """How an execution ended.

    Attributes
    ----------
    status, error, cause, output
        As DescribeExecution and the history have them.
    states
        The states entered, in order.
    """

    arn: str
    status: str
    error: str | None
    cause: str | None
    output: Any
    states: list[str]


@dataclass
class InProcessCloud:
    """One job's machine, ready to be executed.

    Attributes
    ----------
    engine, clock
        The EMR engine and its time.
    machine
        The state machine's ARN.
    """

    engine: EmrEngine
    clock: VirtualClock
    machine: str
    notifications: str
    _functions: Mapping[str, Handler]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def execute(self, document: Any = None) -> Ended:
        """Run the machine to its end.

        Parameters
        ----------
        document
            The execution's input; ``{}`` when ``None``.

        Raises
        ------
        ExecutionHangsError
            It does not end.
        """
        sfn = aws.stepfunctions()
        name = f"run-{next(self._numbers)}"
        text = json.dumps({} if document is None else document)
        arn = sfn.start_execution(stateMachineArn=self.machine, name=name, input=text)["executionArn"]
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while (found := sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if time.monotonic() > give_up:
                sfn.stop_execution(executionArn=arn)
                raise ExecutionHangsError(f"{arn} did not end within {GIVE_UP_SECONDS:.0f} s")
            time.sleep(0.005)
        if self._functions and found["status"] != "SUCCEEDED":
            detail = {"executionArn": arn, "stateMachineArn": self.machine, "name": name, "status": found["status"]}
            self._functions["close-run"]({"detail": detail}, None)
        return _ended(arn, found["status"], found.get("output"))

    def messages(self) -> list[str]:
        """Return what the topic has announced, oldest first, and forget it."""
        sqs = aws.sqs()
        found: list[str] = []
        while batch := sqs.receive_message(QueueUrl=self.notifications, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"])["Message"])
                sqs.delete_message(QueueUrl=self.notifications, ReceiptHandle=message["ReceiptHandle"])
        return found


def _ended(arn: str, status: str, output: str | None) -> Ended:
    pages = aws.stepfunctions().get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    failure: Mapping[str, Any] = events[-1].get("executionFailedEventDetails", {})
    states = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    found = json.loads(output) if output else None
    return Ended(arn, status, failure.get("error"), failure.get("cause"), found, states)


@dataclass(frozen=True)
class Conditions:
    """What else a test may set.

    Attributes
    ----------
    definition
        A machine to run instead of the job's, placeholders filled in as by ``rendered_definition``.
    observer
        Hears EMR's events.
    interference
        What goes wrong between the states and in the tasks.
    clock
        The virtual time; one that starts now when ``None``.
    keeps_clients
        Whether boto3's clients outlive the cloud: for a process that uses nothing else.
    has_events
        Whether the Lambdas that record hear of steps and executions that are over, as by EventBridge; those that end
        clusters are called by nobody.
    """

    definition: str | None = None
    observer: Observer | None = None
    interference: Interference | None = None
    clock: VirtualClock | None = None
    keeps_clients: bool = False
    has_events: bool = False


@contextlib.contextmanager
def in_process_cloud(
    job: str,
    script: Script | None = None,
    faults: Faults | None = None,
    handlers: Mapping[str, Handler] | None = None,
    conditions: Conditions = Conditions(),
) -> Iterator[InProcessCloud]:
    """Deploy one job into moto for the length of a ``with`` block.

    Parameters
    ----------
    job
        The job's name.
    script
        What each step does; all succeed when ``None``.
    faults
        What goes wrong in EMR.
    handlers
        Lambda handlers to use instead of the project's own, by function name.
    conditions
        What else is not as usual.

    Yields
    ------
    InProcessCloud
        With empty buckets.
    """
    clock = conditions.clock or VirtualClock(time.time())
    runner = ScriptedRunner(clock, script, ship=_ship_log)
    functions = {**HANDLERS, **(handlers or {})}
    observer = _observer(conditions, functions["record-step"])
    engine = EmrEngine(clock, runner, faults, observer, region=REGION, account=ACCOUNT)
    with (
        _environment(_ENVIRONMENT),
        _quiet(),
        moto.mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
        installed(engine, clock, functions, conditions.interference),
    ):
        if not conditions.keeps_clients:
            aws.forget()
        try:
            queue = _prepare()
            machine = aws.stepfunctions().create_state_machine(
                name=job,
                definition=conditions.definition or rendered_definition(job),
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
            )["stateMachineArn"]
            yield InProcessCloud(engine, clock, machine, queue, functions if conditions.has_events else {})
        finally:
            if not conditions.keeps_clients:
                aws.forget()


def _observer(conditions: Conditions, record_a_step: Handler) -> Observer:
    """Return what hears EMR's events: the test's observer, and the Lambda of the rule for steps that are over."""

    def observe(event: dict[str, Any]) -> None:
        if conditions.observer:
            conditions.observer(event)
        if conditions.has_events and event["detail-type"] == STEP_EVENT and event["detail"]["state"] in _STEP_IS_OVER:
            with contextlib.suppress(Exception):  # events are delivered with best effort
                record_a_step(event, None)

    return observe


def _ship_log(cluster: dict[str, Any], step: dict[str, Any], text: str) -> None:
    """Put a step's stderr where EMR would."""
    folder = cluster_logs(cluster["LogUri"], cluster["Id"])
    if folder is not None:
        key = f"{step_folder(folder, step['Id']).key}stderr.gz"
        aws.s3().put_object(Bucket=folder.bucket, Key=key, Body=gzip.compress(text.encode()))


def rendered_definition(job: str) -> str:
    """Return a job's definition with the placeholders filled in."""
    spec = load_job(job)
    return filled_in(render_machine(spec, load_cluster(spec.cluster)))


def filled_in(text: str) -> str:
    """Fill in the placeholders of a rendered definition."""
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
    for name, value in {
        "PlanRunArn": f"{function}:plan-run",
        "DiagnoseFailureArn": f"{function}:diagnose-failure",
        "RecordRunArn": f"{function}:record-run",
        "ReapClustersArn": f"{function}:reap-clusters",
        "GrantSlotsArn": f"{function}:grant-slots",
        "RunTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:runs",
        "LogBucket": LOG_BUCKET,
        "EmrServiceRole": f"arn:aws:iam::{ACCOUNT}:role/emr-service",
        "EmrNodeProfile": "emr-node",
        "EmrSecurityConfiguration": "emr-security",
        "EmrPrimaryGroup": "sg-00000000000000001",
        "EmrWorkerGroup": "sg-00000000000000002",
        "EmrServiceGroup": "sg-00000000000000003",
        "EmrAutoScalingRole": f"arn:aws:iam::{ACCOUNT}:role/emr-auto-scaling",
        "Stage": _ENVIRONMENT["STAGE"],
    }.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _prepare() -> str:
    """Create buckets, tables, queue and topic; return the queue that hears the topic."""
    for bucket in (DATA_BUCKET, LOG_BUCKET):
        aws.s3().create_bucket(Bucket=bucket)
    create_run_table(aws.dynamodb(), RUN_TABLE)
    create_start_table(aws.dynamodb(), START_TABLE)
    aws.sqs().create_queue(QueueName=START_QUEUE)
    topic = aws.sns().create_topic(Name="runs")["TopicArn"]
    queue = aws.sqs().create_queue(QueueName="notifications")["QueueUrl"]
    aws.sns().subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:notifications")
    return queue


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the handlers' logs to themselves: what they say of thousands of runs helps nobody."""
    modules = (plan_run, diagnose_failure, record_run, reap_clusters, grant_slots, record_step, close_run)
    loggers = [module.logger for module in modules]
    levels = [logger.log_level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
