"""Findings and rules as JSON documents."""

from collections.abc import Sequence
from typing import Any

from scripts.checking.rules import Found, Rule


def as_document(found: Sequence[Found]) -> dict[str, Any]:
    """Return findings as one document."""
    return {"findings": [vars(each) for each in found]}


def rules_document(catalogue: Sequence[tuple[str, Sequence[Rule[Any]]]]) -> dict[str, Any]:
    """Return the catalogue as one document: each rule with what it looks at."""
    return {
        "rules": [
            {
                "id": rule.id,
                "severity": rule.severity,
                "looks_at": about,
                "why": rule.why,
                "fix": rule.fix,
                "link": rule.link,
            }
            for about, rules in catalogue
            for rule in rules
        ]
    }
