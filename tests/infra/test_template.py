"""``serverless.yml`` expanded: what the local cloud is built from."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambdas.specs import Cluster, load_cluster, load_job
from scripts.rendering import template as module
from scripts.rendering.jobs import job_resources, render_jobs
from scripts.rendering.package import package, this_machine
from scripts.rendering.paths import JOBS_TEMPLATE
from scripts.rendering.template import CodeLocation, Options, TemplateError, expand

CODE = CodeLocation("bucket-name", "key.zip")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    render_jobs()
    return expand(Options("test", params={"subnetIds": "subnet-1"}), CODE)


def test_cfn_lint_finds_nothing(template: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--regions", "us-east-1", "--", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
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


def test_stages_do_not_meet(template: dict[str, Any]) -> None:
    other = expand(Options("other"), CODE)

    def names(value: dict[str, Any]) -> set[str]:
        keys = ("BucketName", "TableName", "FunctionName", "StateMachineName", "TopicName", "QueueName", "RoleName")
        properties = [resource["Properties"] for resource in value["Resources"].values()]
        return {json.dumps(found[key]) for found in properties for key in keys if key in found}

    assert names(template)
    assert not names(template) & names(other)


def test_the_rule_hears_the_marker_of_the_job_only(template: dict[str, Any]) -> None:
    rule = template["Resources"]["PricingSummaryObjectCreated"]["Properties"]
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": [{"Ref": "DataBucket"}]},
        "object": {"key": [{"wildcard": "landing/tpch/*_SUCCESS"}]},
    }
    (target,) = rule["Targets"]
    assert target["DeadLetterConfig"]


def test_wildcards_of_a_job_are_literal() -> None:
    job = load_job("pricing-summary")
    trigger = job.triggers[0].model_copy(
        update={"object_created": job.triggers[0].object_created.model_copy(update={"suffix": "a*b\\"})}
    )
    part = job_resources(job.model_copy(update={"triggers": (trigger,)}), _cluster())
    rule = part["Resources"]["PricingSummaryObjectCreated"]
    assert rule["Properties"]["EventPattern"]["detail"]["object"]["key"] == [{"wildcard": "landing/tpch/*a\\*b\\\\"}]


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
