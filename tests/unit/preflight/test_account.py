"""Credentials, region and the roles that services make."""

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from lambdas import aws
from scripts.preflight.account import identity, region_checks, service_roles
from scripts.preflight.items import Status
from scripts.preflight.subject import Clients
from tests.unit.preflight.support import demand, found, subject, with_fakes

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=1)


def test_credentials_are_said(clients: Clients) -> None:
    seen = identity(clients)
    assert seen.status is Status.OK
    assert seen.detail.startswith("account 123456789012, arn:aws:sts::123456789012:")


@pytest.mark.parametrize(
    ("code", "detail", "fix"),
    [("ExpiredToken", "have expired", "log in again"), ("InvalidClientTokenId", "are not accepted", "AWS_PROFILE")],
)
def test_credentials_that_are_not_taken_fail(clients: Clients, code: str, detail: str, fix: str) -> None:
    sts = boto3.client("sts", region_name="us-east-1")
    with Stubber(sts) as stubber:
        stubber.add_client_error("get_caller_identity", code)
        seen = identity(with_fakes(clients, sts=sts))
    assert seen.status is Status.FAILED
    assert detail in seen.detail
    assert fix in seen.fix


def test_no_credentials_and_no_network_fail(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    none = boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(none._request_signer, "_credentials", None)  # type: ignore[attr-defined]
    seen = identity(with_fakes(clients, sts=none))
    assert (seen.status, seen.detail) == (Status.FAILED, "there are no credentials")

    nobody = boto3.client("sts", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", config=ONCE)
    seen = identity(with_fakes(clients, sts=nobody))
    assert seen.status is Status.FAILED
    assert "nobody could be asked" in seen.detail


def test_a_region_has_emr_and_a_catalogue_or_not(clients: Clients) -> None:
    items = found(region_checks(clients, "us-east-1"))
    assert {item.status for item in items.values()} == {Status.OK}
    nobody = boto3.client("emr", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", config=ONCE)
    item = found(region_checks(with_fakes(clients, emr=nobody), "us-east-1"))["region"]
    assert item.status is Status.FAILED
    assert "AWS_REGION" in item.fix
    missing = found(region_checks(clients, "eu-north-1"))["catalogue"]
    assert missing.status is Status.FAILED
    assert missing.fix.startswith("slow-lambda prices refresh --region eu-north-1")


def test_service_linked_roles_are_looked_for(clients: Clients) -> None:
    items = found(service_roles(subject(clients)))
    assert items["service-role-emr"].status is Status.WARNING
    assert items["service-role-spot"].status is Status.FAILED
    assert items["service-role-spot"].fix == (
        "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
    )
    assert "count" in items["service-role-spot"].detail

    for name in ("elasticmapreduce.amazonaws.com", "spot.amazonaws.com"):
        path = f"/aws-service-role/{name}/"
        role = {"elasticmapreduce.amazonaws.com": "AWSServiceRoleForEMRCleanup"}.get(name, "AWSServiceRoleForEC2Spot")
        aws.iam().create_role(Path=path, RoleName=role, AssumeRolePolicyDocument="{}")
    assert {item.status for item in found(service_roles(subject(clients))).values()} == {Status.OK}


def test_without_spot_its_role_is_not_needed(clients: Clients) -> None:
    cluster = demand().cluster.model_copy(update={"task_market": "on_demand"})
    assert set(found(service_roles(subject(clients, demands=(demand(cluster=cluster),))))) == {"service-role-emr"}
