"""How the static half is shown."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from scripts.certify.static import Finding, StaticReport


def print_static(console: Console, report: StaticReport) -> None:
    """Print findings with their paths, warnings, and the exits no Catch covers with the nets that do."""
    _print_findings(console, "red", "finding", report.findings)
    _print_findings(console, "yellow", "warning", report.warnings)
    nets = Counter(leaving.nets for leaving in report.exits)
    for found, number in nets.items():
        covered = f"covered by {', '.join(found)}" if found else "[red]covered by nothing[/]"
        console.print(f"{number} exits no Catch can cover: {covered}")
    if report.passed:
        console.print("[green]every path from a state that may own a cluster to an end passes a terminate[/]")


def print_exits(console: Console, report: StaticReport) -> None:
    """Print every exit no Catch can cover."""
    for leaving in report.exits:
        nets = ", ".join(leaving.nets) or "nothing"
        console.print(f"exit {escape(leaving.state)}: {leaving.error}; covered by {nets}", highlight=False)


def _print_findings(console: Console, colour: str, kind: str, findings: Iterable[Finding]) -> None:
    for finding in findings:
        console.print(f"[{colour}]{kind}[/] {finding.rule}: {escape(finding.message)}")
        console.print(f"    {escape(' -> '.join(finding.path))}")
