"""Findings and rules for people."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from scripts.checking.rules import SEVERITIES, Found, Rule, Severity

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def show(found: Sequence[Found]) -> None:
    """Print findings with why they matter and what to do, and how many there are."""
    console = Console(soft_wrap=True)
    for each in found:
        console.print(f"{_severity(each.severity)} {escape(f'{each.file}:{each.line}: {each.what}')} ({each.id})")
        console.print(f"  {escape(each.why)} {escape(each.fix)} {each.link}", style="dim")
    count = Counter(each.severity for each in found)
    console.print(
        ", ".join(f"{count[severity]} {severity}{'' if count[severity] == 1 else 's'}" for severity in SEVERITIES)
    )


def show_rules(catalogue: Sequence[tuple[str, Sequence[Rule[Any]]]]) -> None:
    """Print the catalogue."""
    console = Console(soft_wrap=True)
    for about, rules in catalogue:
        console.print(f"{about[0].upper()}{about[1:]}: {len(rules)} rules", style="bold")
        for rule in rules:
            console.print(f"{_severity(rule.severity)} {rule.id}")
            console.print(f"  {escape(rule.why)} {escape(rule.fix)} {rule.link}", style="dim")


def _severity(severity: Severity) -> str:
    return f"[{_COLOURS[severity]}]{severity}[/]"
