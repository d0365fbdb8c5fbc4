"""Lost events sent again, and a run whose second step was killed while it wrote, taken up there, with real Spark."""

import datetime
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lambdas import aws
from lambdas.ledger.store import read_entry
from scripts import deployment
from scripts.demo import data
from scripts.deployment import Deployment
from scripts.local.cloud import LocalCloud, local_cloud
from scripts.replaying.events import plan_events, replay_events
from tests.local.spark.support import keys
from tests.local.support import begin, clusters, ended, wait_for

JOB = "pricing-summary"
RULE = "slow-lambda-test-pricing-summary-0"
KILLED = "by-hand"
AGAIN = "again"
RESULTS = ("pricing_summary", "top_customers")
MOMENT_SECONDS = 0.01
LOOK_SECONDS = 1.0

pytestmark = pytest.mark.spark


@dataclass(frozen=True)
class Story:
    """What happened, in this order.

    Attributes
    ----------
    undisturbed
        The run that the lost event started, once it was sent again.
    killed, replay
        The run whose second step was killed, and the one that took it up; with the replay's cluster, and what lay in
        its results' folder when the run had been killed.
    """

    cloud: LocalCloud
    deployed: Deployment
    undisturbed: str
    killed: str
    half: list[str]
    replay: str
    cluster: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    before = dict(os.environ)
    with local_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        cloud.use()
        deployed = deployment.deploy("test", "subnet-1", lambda _: None)
        aws.events().disable_rule(Name=RULE)
        files = data.generate(tmp_path_factory.mktemp("data"), 0.001, 1)
        data.upload(aws.s3(), files[0].parents[1], deployed.data_bucket, "landing/tpch")
        aws.events().enable_rule(Name=RULE)
        assert executions(deployed) == []

        killed = begin(deployed, JOB, {})
        send_again(deployed)
        wait_for(lambda: len(executions(deployed)) == 2)
        (undisturbed,) = (arn for arn in executions(deployed) if arn != killed)
        kill_half_way(cloud, deployed)
        assert ended(killed, LOOK_SECONDS)["status"] == "FAILED"
        assert ended(undisturbed, LOOK_SECONDS)["status"] == "SUCCEEDED"
        half = keys(aws.s3(), deployed.data_bucket, f"results/{KILLED}/")

        known = set(clusters())
        again = aws.stepfunctions().start_execution(
            stateMachineArn=deployed.machine_arn(JOB), name=AGAIN, input=f'{{"replay": "{KILLED}"}}'
        )["executionArn"]
        run = ended(again, LOOK_SECONDS)
        assert run["status"] == "SUCCEEDED", run.get("cause")
        (cluster,) = set(clusters()) - known
        yield Story(cloud, deployed, undisturbed, killed, half, again, cluster)
    os.environ.clear()
    os.environ.update(before)
    aws.forget()


def executions(deployed: Deployment) -> list[str]:
    found = aws.stepfunctions().list_executions(stateMachineArn=deployed.machine_arn(JOB))["executions"]
    return [each["executionArn"] for each in found]


def send_again(deployed: Deployment) -> None:
    """Send all events of the archive again, and wait until nothing is left of them."""
    now = datetime.datetime.now(datetime.UTC)
    plan = plan_events(deployed, now - datetime.timedelta(hours=1), now)
    assert [rule.name for rule in plan.rules] == [RULE]
    assert replay_events(plan, lambda _: None, lambda _: None).is_complete
    wait_for(lambda: waiting(deployed.outputs["StartQueue"]) == 0)
    assert waiting(deployed.outputs["RejectedEvents"]) == 0


def waiting(queue: str) -> int:
    found = aws.sqs().get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])


def kill_half_way(cloud: LocalCloud, deployed: Deployment) -> None:
    """Kill the second step when its first result is written and its second is not, as nothing kills politely.

    SIGALRM, because the JVM takes it as it is, like SIGKILL, whose exit code is taken for a lack of memory.
    """
    mirrors = cloud.log.parent / "s3"
    written = f"*/{deployed.data_bucket}/results/{KILLED}/{RESULTS[0]}/_SUCCESS"
    wait_for(lambda: any(mirrors.glob(written)), MOMENT_SECONDS)
    listed = subprocess.run(["ps", "-ww", "-eo", "pgid=,args="], capture_output=True, text=True, check=True).stdout
    (group,) = {int(line.split()[0]) for line in listed.splitlines() if f"/results/{KILLED}/" in line}
    os.killpg(group, signal.SIGALRM)


def results(deployed: Deployment, run: str, table: str) -> list[bytes]:
    """Return a result's rows, sorted, byte for byte."""
    found = keys(aws.s3(), deployed.data_bucket, f"results/{run}/{table}/")
    bodies = [aws.s3().get_object(Bucket=deployed.data_bucket, Key=key)["Body"].read() for key in found]
    return sorted(line for body in bodies for line in body.splitlines())


def name_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def test_it_was_killed_half_way(story: Story) -> None:
    complete = {Path(key).parent.name for key in story.half if key.endswith("_SUCCESS")}
    assert complete == {RESULTS[0]}


def test_only_the_second_step_runs_again(story: Story) -> None:
    steps = aws.emr().list_steps(ClusterId=story.cluster)["Steps"]
    assert [step["Name"] for step in steps] == ["summarise"]
    args = steps[0]["Config"]["Args"]
    assert args[args.index("--input") + 1].endswith(f"/clean/{KILLED}/"), "what the killed run's first step had made"
    entry = read_entry(aws.dynamodb(), story.deployed.outputs["RunTable"], JOB, AGAIN)
    assert entry is not None
    assert {step.name: step.state for step in entry.steps} == {"clean": "KEPT", "summarise": "COMPLETED"}


@pytest.mark.parametrize("table", RESULTS)
def test_its_results_are_those_of_a_run_nobody_disturbed(table: str, story: Story) -> None:
    got = results(story.deployed, AGAIN, table)
    assert got == results(story.deployed, name_of(story.undisturbed), table)
    assert len(got) > 2, "a header and rows"


def test_what_the_killed_run_had_written_is_as_it_was(story: Story) -> None:
    assert keys(aws.s3(), story.deployed.data_bucket, f"results/{KILLED}/") == story.half


def test_events_that_have_started_a_run_start_none_again(story: Story) -> None:
    before = executions(story.deployed)
    send_again(story.deployed)
    assert executions(story.deployed) == before
