"""Findings as SARIF: what the standard requires, and what GitHub's code scanning requires beyond it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.checking.catalogue import RULES
from scripts.checking.formats import as_sarif
from scripts.checking.rules import Found
from scripts.cli import app
from tests.unit.checking.variants import PRICING, variant


def finding(file: str = "emr_specs/jobs/a b/job.yml", line: int = 3, what: str = "it is so") -> Found:
    rule = RULES[1]
    return Found(rule.id, rule.severity, file, line, what, rule.why, rule.fix, rule.link)


def results(found: list[Found]) -> list[dict[str, Any]]:
    log = json.loads(json.dumps(as_sarif(found, RULES)))
    listed: list[dict[str, Any]] = log["runs"][0]["results"]
    return listed


def test_the_log_of_a_check(tmp_path: Path) -> None:
    root = variant(tmp_path, ((PRICING, "results/<< run_id >>/", "results/"),))
    done = CliRunner().invoke(app, ["check", "--specs", str(root), "--format", "sarif"])
    log = json.loads(done.output)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for result in run["results"]:
        rule = driver["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
    (shared,) = [each for each in run["results"] if each["ruleId"] == "output-shared-by-runs"]
    (location,) = shared["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": f"emr_specs/{PRICING}", "uriBaseId": "%SRCROOT%"}
    line = (root / PRICING).read_text().splitlines()[location["physicalLocation"]["region"]["startLine"] - 1]
    assert "results/" in line


def test_a_file_is_a_relative_uri() -> None:
    (result,) = results([finding()])
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "emr_specs/jobs/a%20b/job.yml", "uriBaseId": "%SRCROOT%"}


def test_an_absolute_file_is_relative_to_where_the_check_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = results([finding(str(tmp_path / "a.json")), finding("/elsewhere/a.json")])
    assert inside["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a.json"
    assert outside["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/a.json"}


def test_a_finding_is_known_again_when_its_line_moves() -> None:
    first, moved = (results([finding(line=line)])[0]["partialFingerprints"] for line in (3, 30))
    assert first == moved


def test_two_findings_of_one_file_are_two() -> None:
    same = results([finding(), finding(line=9), finding(what="it is not so")])
    assert len({each["partialFingerprints"]["finding/v1"] for each in same}) == 3


def test_rules_are_listed_even_if_nothing_is_found() -> None:
    log = as_sarif([], RULES)
    assert len(log["runs"][0]["tool"]["driver"]["rules"]) == len(RULES)
    assert log["runs"][0]["results"] == []
