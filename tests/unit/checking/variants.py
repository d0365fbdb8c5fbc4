"""Specs with something changed, and what one rule finds in them."""

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path

from lambdas.specs import SPECS
from scripts.checking.catalogue import RULES_OF_SPECS
from scripts.checking.rules import Found, apply
from scripts.checking.specs import load_specs

# When all releases and prices of the shipped specs are fresh.
TODAY = datetime.date(2026, 11, 26)

PRICING = "jobs/pricing-summary/job.yml"
SHIPPING = "jobs/shipping-report/job.yml"
SPARK = "clusters/spark.yml"
ELASTIC = "clusters/elastic.yml"
POLICY = "scaling/yarn-memory.yml"
PRICES = "instances/us-east-1.json"

# The two jobs share nothing: a case about one of them need not read the other.
HALVES = (("jobs/pricing-summary", SPARK), ("jobs/shipping-report", ELASTIC, POLICY, "scaling/calm.yml"))

# File, what is replaced in it (all of it when empty), and by what.
Edit = tuple[str, str, str]


@dataclass(frozen=True)
class Case:
    """A change that breaks a rule, and a similar one that does not.

    Attributes
    ----------
    at
        What the line of the finding says.
    says
        What the finding says.
    """

    rule: str
    breaks: tuple[Edit, ...]
    at: str
    says: str
    spared: tuple[Edit, ...]


def variant(folder: Path, edits: tuple[Edit, ...]) -> Path:
    """Return a copy of the shipped specs with some changes."""
    root = Path(shutil.copytree(SPECS, folder / "emr_specs"))
    for file, old, new in edits:
        path = root / file
        text = path.read_text() if path.exists() else ""
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new) if old else new)
    return root


def _only_what_changes(root: Path, edits: tuple[Edit, ...]) -> Path:
    changed = [any(file.startswith(part) for file, _, _ in edits for part in half) for half in HALVES]
    for half, is_needed in zip(HALVES, changed, strict=True):
        for path in (root / part for part in half if any(changed) and not is_needed):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return root


def findings(root: Path, rule: str, today: datetime.date = TODAY) -> list[Found]:
    """Return what one rule finds in specs, none of which may be one that cannot be read."""
    specs = load_specs(root, today)
    assert rule == "spec-invalid" or not specs.mistakes, "\n".join(map(str, specs.mistakes))
    return apply([each for each in RULES_OF_SPECS if each.id == rule], specs)


def holds(case: Case, folder: Path) -> None:
    """Check that a rule finds the mistake of a case where it is, and nothing in what is similar."""
    root = _only_what_changes(variant(folder / "broken", case.breaks), case.breaks)
    found = findings(root, case.rule)
    assert found, "nothing found"
    lines = {each: (root.parent / each.file).read_text().splitlines()[each.line - 1] for each in found}
    assert any(case.at in line and case.says in each.what for each, line in lines.items()), lines
    root = _only_what_changes(variant(folder / "spared", case.spared), case.spared)
    assert not findings(root, case.rule)
