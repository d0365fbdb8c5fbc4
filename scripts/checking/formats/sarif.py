"""Findings as SARIF 2.1.0, which code scanning services show beside the lines they are about.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.checking.rules import Found, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"


def as_sarif(found: Sequence[Found], rules: Sequence[Rule[Any]]) -> dict[str, Any]:
    """Return findings as a SARIF log with one run.

    Parameters
    ----------
    found
        What was found.
    rules
        The whole catalogue, so that a rule that found nothing counts as one that was looked at.
    """
    index = {rule.id: number for number, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    driver = {
        "name": "slow-lambda",
        "version": version("slow-lambda"),
        "rules": [_rule(rule) for rule in rules],
    }
    results = [_result(each, index[each.id], seen) for each in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule[Any]) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.id.replace("-", " ").capitalize()},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix} {rule.link}", "markdown": f"{rule.fix} [Documentation]({rule.link})"},
        "helpUri": rule.link,
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(each: Found, index: int, seen: Counter[str]) -> dict[str, Any]:
    return {
        "ruleId": each.id,
        "ruleIndex": index,
        "level": each.severity,
        "message": {"text": f"{each.what}. {each.why} {each.fix}"},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(each.file), "region": {"startLine": each.line}}}
        ],
        "partialFingerprints": {"finding/v1": _fingerprint(each, seen)},
    }


def _artifact(file: str) -> dict[str, str]:
    """Return where a file lies: below the repository, or as a URI of its own."""
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix()), "uriBaseId": _ROOT}


def _fingerprint(each: Found, seen: Counter[str]) -> str:
    """Return what a finding is known by when its line moves: what it says, and which one of those it is."""
    text = f"{each.id} {each.file} {each.what}"
    seen[text] += 1
    return hashlib.sha256(f"{text} {seen[text]}".encode()).hexdigest()
