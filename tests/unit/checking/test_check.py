"""``slow-lambda check``: what it finds, where, and how it ends."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lambdas.specs import SPECS
from scripts.checking.rules import SEVERITIES
from scripts.checking.spec_rules import SPEC_RULES
from scripts.cli import app
from tests.unit.lambdas.specs.mistakes import change

POLICY = "scaling/yarn-memory.yml"


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A copy of all shipped specs."""
    return Path(shutil.copytree(SPECS, tmp_path / "emr_specs"))


def check(specs: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", "--specs", str(specs), *options])
    return done.exit_code, done.output


def found(specs: Path, status: int) -> list[dict[str, Any]]:
    code, output = check(specs, "--json")
    assert code == status
    findings: list[dict[str, Any]] = json.loads(output)["findings"]
    return findings


def of(findings: list[dict[str, Any]], rule: str) -> list[tuple[str, int, str]]:
    return [(each["file"], each["line"], each["what"]) for each in findings if each["id"] == rule]


def test_shipped_specs_have_no_error(specs: Path) -> None:
    findings = found(specs, 0)
    assert {each["severity"] for each in findings} <= {"warning", "note"}
    ((file, line, what),) = of(findings, "scaling-period-rounded")
    assert (file, line) == (f"emr_specs/{POLICY}", 14)
    assert "over 75 % for 3 minutes becomes one period of 5 minutes" in what


def test_a_period_that_emr_has_is_no_finding(specs: Path) -> None:
    change(specs / POLICY, "for: 3m", "for: 5m")
    assert not of(found(specs, 0), "scaling-period-rounded")


def test_every_mistake_is_an_error(specs: Path) -> None:
    change(specs / POLICY, "> 75", "< 75")
    change(specs / "clusters/spark.yml", "task_market: spot", "task_market: often")
    mistakes = of(found(specs, 1), "spec-invalid")
    assert {(file, line) for file, line, _ in mistakes} == {
        (f"emr_specs/{POLICY}", 14),
        ("emr_specs/clusters/spark.yml", 12),
    }


def test_a_folder_without_a_job(specs: Path) -> None:
    (specs / "jobs/empty").mkdir()
    ((file, _, what),) = of(found(specs, 1), "spec-invalid")
    assert file == "emr_specs/jobs/empty"
    assert "there is no job named 'empty'" in what


def test_a_policy_that_never_rests_is_an_error(specs: Path) -> None:
    change(specs / POLICY, "[r5.2xlarge, r5.4xlarge]", "[r5.4xlarge]")
    ((file, line, what),) = of(found(specs, 1), "scaling-cannot-be-followed")
    assert (file, line) == (f"emr_specs/{POLICY}", 12)
    assert "it goes 0, 5, 2, 0, ..." in what


def test_a_type_with_which_it_never_rests_is_a_warning(specs: Path) -> None:
    ((file, line, what),) = of(found(specs, 0), "scaling-type-left-out")
    assert (file, line) == (f"emr_specs/{POLICY}", 8)
    assert "r5.4xlarge" in what


def test_a_policy_is_judged_as_its_jobs_use_it(specs: Path) -> None:
    """With one task node at most, no number of nodes is skipped."""
    change(specs / "jobs/shipping-report/job.yml", "max_nodes: 23", "max_nodes: 4")
    assert not of(found(specs, 0), "scaling-type-left-out")


def test_as_text(specs: Path) -> None:
    change(specs / POLICY, "r5.4xlarge", "r5.5xlarge")
    code, output = check(specs)
    assert code == 1
    first, *_, last = output.splitlines()
    assert first.startswith(f"error emr_specs/{POLICY}:9: task_groups[0].types[1]: expected a type")
    assert first.endswith("(spec-invalid)")
    assert last == "1 error, 0 warnings, 0 notes"


def test_every_rule_says_why_and_what_to_do() -> None:
    assert len({rule.id for rule in SPEC_RULES}) == len(SPEC_RULES)
    for rule in SPEC_RULES:
        assert rule.severity in SEVERITIES
        assert rule.why.endswith(".")
        assert rule.fix.endswith(".")
