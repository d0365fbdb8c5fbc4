"""``slow-lambda preflight`` on an account of moto's, before and after a deployment."""

import json
from typing import Any

import boto3
import pytest
import typer
from typer.testing import CliRunner

from lambdas import aws
from lambdas.specs import load_catalogue, load_job
from scripts.preflight import command, run
from scripts.preflight.command import preflight
from scripts.preflight.items import Status
from scripts.preflight.quotas import ON_DEMAND, SPOT
from scripts.preflight.run import look_at
from scripts.preflight.subject import Clients, Deployed
from tests.unit.preflight.support import (
    ACCOUNT,
    Ec2,
    Emr,
    Iam,
    Quotas,
    Stacks,
    deployed,
    refused,
    resources,
    with_fakes,
)

app = typer.Typer()
app.command()(preflight)

ROLE = "AWS::IAM::Role"
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${DataBucket.Arn}/*"}}


def deploy() -> Deployed:
    """Make some of a stage's resources by hand, and say them as a stack does."""
    aws.s3().create_bucket(Bucket="data")
    aws.iam().create_role(RoleName="starts", AssumeRolePolicyDocument="{}")
    policy = {"Version": "2012-10-17", "Statement": [{**STATEMENT, "Resource": "arn:aws:s3:::data/*"}]}
    aws.iam().put_role_policy(RoleName="starts", PolicyName="own", PolicyDocument=json.dumps(policy))
    buckets = dict.fromkeys(("DataBucket", "CodeBucket", "LogBucket"), "data")
    topic, queue = aws.sns().create_topic(Name="runs"), aws.sqs().create_queue(QueueName="rejected")
    own = {"Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": [STATEMENT]}}]}
    return deployed(
        outputs={**buckets, "RunTopic": topic["TopicArn"], "RejectedEvents": queue["QueueUrl"]},
        resources=resources(DataBucket=("AWS::S3::Bucket", "data"), StartRunsRole=(ROLE, "starts")),
        template={"Resources": {"StartRunsRole": {"Type": ROLE, "Properties": own}}},
    )


@pytest.fixture
def account(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Return an account that lacks the role of spot, and nothing else a deployment wants."""
    quotas = Quotas({ON_DEMAND: 20_000, SPOT: 20_000})
    release = "emr-7.14.0"
    types = [known.type for known in load_catalogue("us-east-1").types]
    emr, iam = Emr({release: ["Spark"]}, types), Iam(clients.iam)
    ec2 = Ec2(clients.ec2, types)
    made = with_fakes(clients, quotas=quotas, emr=emr, iam=iam, cloudformation=Stacks(), ec2=ec2)
    monkeypatch.setattr(command, "all_clients", lambda: made)
    return made


def look(*args: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = CliRunner().invoke(app, ["--json", *args])
    document = json.loads(done.stdout)
    assert document["stage"] == "dev"
    return done.exit_code, {item["id"]: item for item in document["items"]}


def test_before_a_deployment_the_account_is_looked_at(account: Clients) -> None:
    code, items = look()
    assert code == 1
    assert [name for name, item in items.items() if item["status"] == "failed"] == ["service-role-spot"]
    assert items["deployment"]["status"] == "warning"
    assert items["job-shipping-report"]["detail"].startswith("12 vCPUs (1 x m5.xlarge and 2 x r5.xlarge) up to 172")
    assert not {name for name in items if name.startswith(("bucket", "role-", "subnet", "rules"))}

    aws.iam().create_role(RoleName="AWSServiceRoleForEC2Spot", AssumeRolePolicyDocument="{}")
    assert look()[0] == 0


def test_after_a_deployment_all_of_it_is_looked_at(account: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    there = with_fakes(account, cloudformation=Stacks(deploy()))
    monkeypatch.setattr(command, "all_clients", lambda: there)
    _, items = look("--job", "pricing-summary")
    assert items["deployment"]["detail"] == "slow-lambda-dev: CREATE_COMPLETE, 2 resources"
    assert items["bucket-data"]["status"] == "ok"
    assert items["role-StartRunsRole"]["detail"] == "starts: all 1 actions allowed"
    assert items["subnets"]["detail"] == "plan_run is told no subnets"
    assert items["machines"]["detail"] == "there is no state machine of pricing-summary"
    assert "job-shipping-report" not in items
    assert [item for item in items if items[item]["status"] == "unknown"] == []


def test_a_stack_that_could_not_be_made_fails(account: Clients) -> None:
    for status, expected in (
        ("ROLLBACK_COMPLETE", Status.FAILED),
        ("UPDATE_ROLLBACK_FAILED", Status.FAILED),
        ("UPDATE_IN_PROGRESS", Status.WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", Status.OK),
    ):
        stack = Stacks(deployed(status=status))
        items = look_at(with_fakes(account, cloudformation=stack), "dev", [load_job("pricing-summary")])
        assert next(item for item in items if item.id == "deployment").status is expected


def test_a_stack_that_may_not_be_read_is_unknown_and_the_rest_is_looked_at(account: Clients) -> None:
    class Denied:
        def describe_stacks(self, **_: object) -> None:
            raise refused("DescribeStacks", "AccessDenied")

    items = {item.id: item for item in look_at(with_fakes(account, cloudformation=Denied()), "dev", [])}
    assert items["deployment"].status is Status.UNKNOWN
    assert items["quota-clusters"].status is Status.OK


def test_lines_have_what_was_found_and_what_mends_it(account: Clients) -> None:
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("failed  service-role-spot: "))
    assert lines[at + 1] == "        fix: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
    assert f"ok      credentials: account {ACCOUNT}, arn:aws:sts::{ACCOUNT}:user/moto" in lines[0]
    assert ", 1 failed, 2 warning, 0 unknown" in lines[-1]


def test_a_terminal_gets_a_table(account: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    shown = CliRunner().invoke(app, []).stdout
    assert "\x1b[31mfailed" in shown
    assert "service-role-spot" in shown
    assert "┃" in shown


def test_without_credentials_nothing_else_is_looked_at(account: Clients) -> None:
    class Expired:
        def get_caller_identity(self) -> None:
            raise refused("GetCallerIdentity", "ExpiredToken")

    (item,) = look_at(with_fakes(account, sts=Expired()), "dev", [])
    assert (item.id, item.status) == ("credentials", Status.FAILED)


def test_without_a_region_or_its_catalogue_little_is_looked_at(
    account: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = with_fakes(account, sts=boto3.client("sts", region_name="eu-north-1"))
    items = {item.id: item for item in look_at(north, "dev", [load_job("pricing-summary")])}
    assert list(items) == ["credentials", "region", "catalogue"]
    assert items["catalogue"].status is Status.FAILED

    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(command, "all_clients", lambda: boto3.client("emr"))
    code, found = look()
    assert (code, list(found), found["region"]["fix"]) == (1, ["region"], "set AWS_REGION, or one in the profile")


def test_a_job_that_cannot_be_sized_fails_on_its_own(account: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "demand_of", lambda job, catalogue: None)
    items = {item.id: item for item in look_at(account, "dev", [load_job("pricing-summary")])}
    assert items["job-pricing-summary"].status is Status.FAILED
    assert "quota-on-demand" not in items
    assert items["quota-clusters"].status is Status.OK
