"""``serverless.yml`` expanded: what the local cloud is built from."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambdas.specs import Cluster, load_cluster
from lambdas.starts.batch_table import MEMORY
from scripts.rendering import template as module
from scripts.rendering.jobs import render_jobs
from scripts.rendering.package import package, this_machine
from scripts.rendering.paths import JOBS_TEMPLATE, ROOT
from scripts.rendering.template import CodeLocation, Options, TemplateError, expand

CODE = CodeLocation("bucket-name", "key.zip")
OWN = {"network": "own", "subnetIds": "subnet-0123456789abcdef0", "vpcId": "vpc-0123456789abcdef0"}

NAMES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::RouteTable": None,
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::EC2::SecurityGroupEgress": None,
    "AWS::EC2::SecurityGroupIngress": None,
    "AWS::EC2::Subnet": None,
    "AWS::EC2::SubnetRouteTableAssociation": None,
    "AWS::EC2::VPC": None,
    "AWS::EC2::VPCEndpoint": None,
    "AWS::EMR::SecurityConfiguration": "Name",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Key": None,
    "AWS::Lambda::EventInvokeConfig": None,
    "AWS::Lambda::EventSourceMapping": None,
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::Permission": None,
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::MetricFilter": "FilterName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::S3::BucketPolicy": None,
    "AWS::SNS::Topic": "TopicName",
    "AWS::SNS::TopicPolicy": None,
    "AWS::SQS::Queue": "QueueName",
    "AWS::SQS::QueuePolicy": None,
    "AWS::Scheduler::Schedule": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""The property that names a resource, by its type; none where AWS makes the name."""

OF_THE_ACCOUNT = {
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::Role",
    "AWS::S3::Bucket",
}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    render_jobs()
    return expand(Options("test", params={"subnetIds": "subnet-1"}), CODE)


def test_cfn_lint_finds_nothing(template: dict[str, Any], tmp_path: Path) -> None:
    """With either network; .cfnlintrc.yaml has the exceptions."""
    paths = [tmp_path / "new.json", tmp_path / "own.json"]
    for path, found in zip(paths, (template, expand(Options("test", params=OWN), CODE)), strict=True):
        path.write_text(json.dumps(found))
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "")


def test_no_variable_of_serverless_is_left(template: dict[str, Any]) -> None:
    assert re.findall(r"\$\{(?:self|file|param|opt|sls)[:(][^}]*\}", json.dumps(template)) == []


def test_every_reference_names_a_resource(template: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [name for item in value for name in references(item)]
        if not isinstance(value, dict):
            return []
        if set(value) == {"Ref"}:
            return [value["Ref"]]
        if set(value) == {"Fn::GetAtt"}:
            return [value["Fn::GetAtt"][0]]
        return [name for item in value.values() for name in references(item)]

    names = {name for name in references(template) if not name.startswith("AWS::")}
    assert names <= set(template["Resources"])


def names(template: dict[str, Any]) -> dict[str, str]:
    """The physical names a template gives, by logical id; a type nobody has thought of yet is an error."""
    found = {}
    for logical, resource in template["Resources"].items():
        key = NAMES[resource["Type"]]
        if key and key in resource["Properties"]:
            found[logical] = f"{resource['Type']} {json.dumps(resource['Properties'][key])}"
    return found


def test_stages_do_not_meet(template: dict[str, Any]) -> None:
    other = expand(Options("other"), CODE)
    assert len(names(template)) > 30
    assert names(template).keys() == names(other).keys()
    assert not set(names(template).values()) & set(names(other).values())
    assert len(set(names(template).values())) == len(names(template))


def test_regions_do_not_meet(template: dict[str, Any]) -> None:
    """Roles, instance profiles and dashboards are the account's, not the region's; buckets are everybody's."""
    resources = expand(Options("test", "eu-central-1"), CODE)["Resources"]
    for logical, name in names(template).items():
        if resources[logical]["Type"] in OF_THE_ACCOUNT:
            key = NAMES[resources[logical]["Type"]]
            there = f"{resources[logical]['Type']} {json.dumps(resources[logical]['Properties'][key])}"
            assert "${AWS::Region}" in name or there != name, logical


def test_the_rule_hears_the_marker_of_the_job_only(template: dict[str, Any]) -> None:
    rule = template["Resources"]["PricingSummaryObjectCreated"]["Properties"]
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": [{"Ref": "DataBucket"}]},
        "object": {"key": [{"wildcard": "landing/tpch/*_SUCCESS"}]},
    }
    (target,) = rule["Targets"]
    assert target["DeadLetterConfig"]


def test_of_what_is_archived_it_is_known_what_it_started(template: dict[str, Any]) -> None:
    archive = template["Resources"]["EventArchive"]["Properties"]
    assert 0 < archive["RetentionDays"] <= MEMORY.days


def _cluster() -> Cluster:
    return load_cluster("spark")


def test_a_part_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "serverless.yml"
    path.write_text("functions: {}\nresources:\n  - ${file(build/none.json)}\n")
    monkeypatch.setattr(module, "SERVERLESS", path)
    with pytest.raises(TemplateError, match=r"none\.json does not exist.*slow-lambda render"):
        expand(Options(), CODE)


def test_a_variable_without_a_value_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "serverless.yml"
    path.write_text("functions: {}\nresources: []\ncustom: ${param:nothing}\n")
    monkeypatch.setattr(module, "SERVERLESS", path)
    with pytest.raises(TemplateError, match="param:nothing"):
        expand(Options(), CODE)


def test_a_path_through_a_file_that_is_included_is_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "there.yml").write_text("ids: {first: a, rest: !Ref Other}\nparts: {Resources: {One: {Type: T}}}\n")
    path = tmp_path / "serverless.yml"
    path.write_text(
        "params: {default: {which: there}}\ncustom: {included: '${file(${param:which}.yml)}'}\nfunctions: {}\n"
        "resources:\n  - ${self:custom.included.parts}\n"
        "  - {Outputs: {One: {Value: '${self:custom.included.ids.first}'}, Two: '${self:custom.included.ids.rest}'}}\n"
    )
    monkeypatch.setattr(module, "SERVERLESS", path)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    expanded = expand(Options(), CODE)
    assert expanded["Resources"] == {"One": {"Type": "T"}}
    assert expanded["Outputs"] == {"One": {"Value": "a"}, "Two": {"Ref": "Other"}}


def test_a_resource_defined_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    part = "{Resources: {Twice: {Type: 'AWS::SNS::Topic'}}}"
    path = tmp_path / "serverless.yml"
    path.write_text(f"functions: {{}}\nresources:\n  - {part}\n  - {part}\n")
    monkeypatch.setattr(module, "SERVERLESS", path)
    with pytest.raises(TemplateError, match="Twice"):
        expand(Options(), CODE)


def test_the_lambda_zip_holds_code_specs_and_libraries_but_no_sdk() -> None:
    with zipfile.ZipFile(package(this_machine())) as archive:
        names = set(archive.namelist())
        assert all(entry.external_attr >> 16 == 0o644 for entry in archive.infolist())
    assert {"lambdas/plan_run.py", "emr_specs/jobs/pricing-summary/job.yml"} <= names
    tops = {name.split("/")[0] for name in names}
    assert {"aws_lambda_powertools", "pydantic", "yaml"} <= tops
    assert not {"boto3", "botocore", "scripts", "tests", "bin"} & tops


def test_what_is_rendered_is_what_is_included() -> None:
    render_jobs()
    first = JOBS_TEMPLATE.read_bytes()
    render_jobs()
    assert JOBS_TEMPLATE.read_bytes() == first
