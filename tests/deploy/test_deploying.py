"""What is looked at before a stage is deployed or removed, and what removal empties, on moto's account."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from moto import mock_aws

from lambdas import aws
from scripts.deploying import empty as module
from scripts.deploying.empty import empty
from scripts.deploying.errors import NotEmptiedError, NotReadyError
from scripts.deploying.network import Kind, Network, choose_network
from scripts.deploying.ready import caller, check_idle, check_stage
from scripts.preflight.subject import Clients, Deployed, Resource, all_clients
from scripts.rendering.package import AWS, target_at, this_machine
from scripts.rendering.paths import ROOT
from scripts.rendering.template import CodeLocation, Options, expand

REGION = "us-east-1"
MACHINE = "AWS::StepFunctions::StateMachine"
NOTHING = Deployed("CREATE_COMPLETE", {}, {}, {}, ())
OWN = replace(NOTHING, subnets=("subnet-a",))
NEW = replace(OWN, resources={"Vpc": Resource("AWS::EC2::VPC", "vpc-a")})


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws.forget()
    with mock_aws():
        yield all_clients()
    aws.forget()


@pytest.mark.parametrize("stage", ["dev", "prod-2", "a"])
def test_a_stage_that_can_be_part_of_names(stage: str) -> None:
    check_stage(stage, REGION)


@pytest.mark.parametrize("stage", ["", "Dev", "2nd", "a_b", "a.b", "-a", "a-", "a--b", "dev\n"])
def test_a_stage_that_cannot(stage: str) -> None:
    with pytest.raises(NotReadyError, match="lower case letters, digits and '-' only"):
        check_stage(stage, REGION)


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2"])
def test_the_longest_stage_is_the_one_whose_buckets_have_names(region: str) -> None:
    def longest_bucket(stage: str) -> int:
        template = expand(Options(stage, region), CodeLocation("bucket", "key"))
        values = {"${AWS::AccountId}": "1" * 12, "${AWS::Region}": region}
        names = [each["Properties"].get("BucketName", "") for each in template["Resources"].values()]
        texts = [str(name["Fn::Sub"]) for name in names if isinstance(name, dict)]
        for key, value in values.items():
            texts = [text.replace(key, value) for text in texts]
        return max(map(len, texts))

    stage = "s" * (63 - longest_bucket(""))
    check_stage(stage, region)
    with pytest.raises(NotReadyError, match=f"has {len(stage) + 1} characters"):
        check_stage(f"{stage}s", region)


def test_whose_credentials_they_are_is_said(clients: Clients) -> None:
    assert caller(clients).startswith("account 123456789012, arn:aws:")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["deploy"], "there are no credentials: set AWS_PROFILE"),
        (["remove"], "there are no credentials: set AWS_PROFILE"),
    ],
)
def test_the_command_says_it_in_words(arguments: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.deploying", *arguments],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("slow-lambda: ")
    assert says in done.stderr


def subnets(clients: Clients, count: int) -> tuple[str, list[str]]:
    """Make subnets in a VPC of their own; give its id and theirs."""
    vpc = clients.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    blocks = [f"10.0.{number}.0/24" for number in range(count)]
    made = [clients.ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"] for block in blocks]
    return vpc, [each["SubnetId"] for each in made]


@pytest.mark.parametrize(
    ("deployed", "kind"), [(None, None), (None, Kind.NEW), (NOTHING, None), (NEW, None), (NEW, Kind.NEW)]
)
def test_a_network_of_the_stages_own(clients: Clients, deployed: Deployed | None, kind: Kind | None) -> None:
    found = choose_network(clients.ec2, deployed, kind, [])
    assert found == Network(Kind.NEW)
    assert found.params() == {"network": "new"}


@pytest.mark.parametrize("kind", [Kind.OWN, None])
@pytest.mark.parametrize("deployed", [None, NEW, OWN])
def test_subnets_there_are(clients: Clients, deployed: Deployed | None, kind: Kind | None) -> None:
    vpc, own = subnets(clients, 2)
    found = choose_network(clients.ec2, deployed, kind, own)
    assert found.params() == {"network": "own", "subnetIds": ",".join(own), "vpcId": vpc}


@pytest.mark.parametrize("kind", [Kind.OWN, None])
def test_an_update_stays_in_the_subnets_it_was_given(clients: Clients, kind: Kind | None) -> None:
    vpc, own = subnets(clients, 2)
    found = choose_network(clients.ec2, replace(OWN, subnets=tuple(own)), kind, [])
    assert found == Network(Kind.OWN, tuple(own), vpc)


def test_networks_that_do_not_go(clients: Clients) -> None:
    _, one = subnets(clients, 1)
    _, other = subnets(clients, 1)
    for deployed in (None, NEW):
        with pytest.raises(NotReadyError, match="NETWORK=own needs the subnets"):
            choose_network(clients.ec2, deployed, Kind.OWN, [])
    with pytest.raises(NotReadyError, match="NETWORK=new makes subnets of its own"):
        choose_network(clients.ec2, None, Kind.NEW, one)
    with pytest.raises(NotReadyError, match="lie in 2 VPCs"):
        choose_network(clients.ec2, None, Kind.OWN, one + other)
    with pytest.raises(NotReadyError, match="subnet-0 could not be looked up: "):
        choose_network(clients.ec2, None, Kind.OWN, ["subnet-0"])


def test_a_stage_with_a_run_or_a_cluster_is_at_work(clients: Clients) -> None:
    machine = clients.stepfunctions.create_state_machine(
        name="slow-lambda-dev-job", definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/r",
    )["stateMachineArn"]  # fmt: skip
    deployed = replace(NOTHING, resources={"JobStateMachine": Resource(MACHINE, machine)})
    mine, other = cluster(clients, "dev"), cluster(clients, "other")
    with pytest.raises(NotReadyError, match=f"at work: cluster {mine} ") as caught:
        check_idle(clients, "dev", deployed)
    assert other not in str(caught.value)
    clients.emr.terminate_job_flows(JobFlowIds=[mine])
    check_idle(clients, "dev", deployed)
    run = clients.stepfunctions.start_execution(stateMachineArn=machine, name="run")["executionArn"]
    with pytest.raises(NotReadyError, match=f"at work: execution {run}; "):
        check_idle(clients, "dev", deployed)
    clients.stepfunctions.stop_execution(executionArn=run)
    check_idle(clients, "dev", deployed)


def cluster(clients: Clients, stage: str) -> str:
    """Start a cluster of a stage in moto's EMR."""
    tags = [{"Key": "slow-lambda:stage", "Value": stage}]
    instances = {"InstanceCount": 1, "MasterInstanceType": "m5.xlarge", "KeepJobFlowAliveWhenNoSteps": True}
    return str(
        clients.emr.run_job_flow(Name="c", Instances=cast("Any", instances), Tags=cast("Any", tags))["JobFlowId"]
    )


def test_a_bucket_is_emptied_of_every_version(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    clients.s3.create_bucket(Bucket="code")
    clients.s3.put_object(Bucket="code", Key="before-versions", Body=b"1")
    clients.s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
    for number in range(2):
        for key in range(4):
            clients.s3.put_object(Bucket="code", Key=f"{key}", Body=b"%d" % number)
    clients.s3.delete_object(Bucket="code", Key="0")
    assert empty(clients.s3, "code") == 1 + 2 * 4 + 1
    assert empty(clients.s3, "code") == 0
    clients.s3.delete_bucket(Bucket="code")


def test_what_s3_does_not_delete_is_named(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    clients.s3.create_bucket(Bucket="code")
    clients.s3.put_object(Bucket="code", Key="a", Body=b"1")
    refusal = {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}
    monkeypatch.setattr(clients.s3, "delete_objects", lambda **_: refusal)
    with pytest.raises(NotEmptiedError, match="s3://code/a could not be deleted, nor 0 others: AccessDenied: no"):
        empty(clients.s3, "code")


def test_functions_are_built_for_what_runs_them() -> None:
    assert target_at("https://s3.eu-central-1.amazonaws.com") == AWS
    assert target_at("http://127.0.0.1:4566") == this_machine()
