"""``slow-lambda check``: what it finds, where, and how it ends."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lambdas.specs import SPECS
from scripts.checking.rules import SEVERITIES
from scripts.cli import app
from tests.unit.checking.variants import findings
from tests.unit.lambdas.specs.mistakes import change

POLICY = "scaling/yarn-memory.yml"
PRICING = "jobs/pricing-summary/job.yml"


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A copy of all shipped specs."""
    return Path(shutil.copytree(SPECS, tmp_path / "emr_specs"))


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *arguments])
    return done.exit_code, done.output


def found(specs: Path, status: int) -> list[dict[str, Any]]:
    code, output = check("--specs", str(specs), "--json")
    assert code == status
    listed: list[dict[str, Any]] = json.loads(output)["findings"]
    return listed


def of(specs: Path, rule: str) -> list[tuple[str, int, str]]:
    return [(each.file, each.line, each.what) for each in findings(specs, rule)]


def test_shipped_specs_have_nothing_worse_than_notes(specs: Path) -> None:
    assert {each["severity"] for each in found(specs, 0)} == {"note"}
    ((file, line, what),) = of(specs, "scaling-period-rounded")
    assert (file, line) == (f"emr_specs/{POLICY}", 14)
    assert "over 75 % for 3 minutes becomes one period of 5 minutes" in what


def test_a_period_that_emr_has_is_no_finding(specs: Path) -> None:
    change(specs / POLICY, "for: 3m", "for: 5m")
    assert not of(specs, "scaling-period-rounded")


def test_every_mistake_is_an_error(specs: Path) -> None:
    change(specs / POLICY, "> 75", "< 75")
    change(specs / "clusters/spark.yml", "task_market: spot", "task_market: often")
    assert {(file, line) for file, line, _ in of(specs, "spec-invalid")} == {
        (f"emr_specs/{POLICY}", 14),
        ("emr_specs/clusters/spark.yml", 12),
    }


def test_a_folder_without_a_job(specs: Path) -> None:
    (specs / "jobs/empty").mkdir()
    ((file, _, what),) = of(specs, "spec-invalid")
    assert file == "emr_specs/jobs/empty"
    assert "there is no job named 'empty'" in what


def test_a_policy_that_never_rests_is_an_error(specs: Path) -> None:
    change(specs / POLICY, "[r5.2xlarge, r5.4xlarge]", "[r5.4xlarge]")
    ((file, line, what),) = of(specs, "scaling-cannot-be-followed")
    assert (file, line) == (f"emr_specs/{POLICY}", 12)
    assert "it goes 0, 5, 2, 0, ..." in what


def test_a_type_with_which_it_never_rests_is_left_out(specs: Path) -> None:
    ((file, line, what),) = of(specs, "scaling-type-left-out")
    assert (file, line) == (f"emr_specs/{POLICY}", 8)
    assert "r5.4xlarge" in what


def test_a_policy_is_judged_as_its_jobs_use_it(specs: Path) -> None:
    """With one task node at most, no number of nodes is skipped."""
    change(specs / "jobs/shipping-report/job.yml", "max_nodes: 23", "max_nodes: 4")
    assert not of(specs, "scaling-type-left-out")


def test_the_status_tells_warnings_from_errors(specs: Path) -> None:
    change(specs / PRICING, "clean/<< run_id >>/", "clean/")
    assert {each["severity"] for each in found(specs, 3)} == {"warning", "note"}
    change(specs / PRICING, "<< output.clean >>", '"s3://${data_bucket}/clear/<< run_id >>/"')
    severities = [each["severity"] for each in found(specs, 1)]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_as_text(specs: Path) -> None:
    change(specs / POLICY, "r5.4xlarge", "r5.5xlarge")
    code, output = check("--specs", str(specs))
    assert code == 1
    first, second, *_, last = output.splitlines()
    assert first.startswith(f"error emr_specs/{POLICY}:9: task_groups[0].types[1]: expected a type")
    assert first.endswith("(spec-invalid)")
    assert "https://" in second
    assert last.startswith("1 error, 0 warnings")


def test_the_rules_are_listed() -> None:
    code, output = check("--rules", "--json")
    rules = json.loads(output)["rules"]
    assert code == 0
    assert {rule["severity"] for rule in rules} == set(SEVERITIES)
    code, output = check("--rules")
    assert code == 0
    assert all(f" {rule['id']}\n" in output for rule in rules)


def test_a_format_that_does_not_exist() -> None:
    code, output = check("--format", "xml")
    assert code == 2
    assert "sarif" in output


def test_a_definition_of_somebody_else(tmp_path: Path) -> None:
    file = tmp_path / "theirs.asl.json"
    file.write_text(
        json.dumps(
            {
                "StartAt": "Create",
                "States": {
                    "Create": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::elasticmapreduce:createCluster.sync",
                        "Parameters": {"Name": "theirs", "Instances": {"KeepJobFlowAliveWhenNoSteps": True}},
                        "End": True,
                    }
                },
            },
            indent=2,
        )
    )
    code, output = check(str(file), "--json")
    assert code == 1
    left = [each for each in json.loads(output)["findings"] if each["id"] == "cluster-left-running"]
    assert [(each["file"], each["severity"]) for each in left] == [(str(file), "error")]


def test_the_definitions_in_a_template(tmp_path: Path) -> None:
    file = tmp_path / "template.yml"
    file.write_text(
        "Resources:\n"
        "  Machine:\n"
        "    Type: AWS::StepFunctions::StateMachine\n"
        "    Properties:\n"
        "      RoleArn: arn:aws:iam::111122223333:role/machine\n"
        "      Definition: {StartAt: Wait, States: {Wait: {Type: Wait, Seconds: 5, Next: Wait}}}\n"
    )
    code, output = check(str(file), "--json")
    places = {each["id"]: (each["file"], each["line"]) for each in json.loads(output)["findings"]}
    assert code == 1
    assert places["machine-never-ends"] == (str(file), 2)
    assert "machine-without-logs" in places
