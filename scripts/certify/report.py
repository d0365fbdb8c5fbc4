"""How the certificate is shown: as JSON, as tables, as a timeline."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.certify.dynamic.cases import Case
from scripts.certify.dynamic.certify import DynamicReport, NetUse
from scripts.certify.dynamic.nets import ORDER
from scripts.certify.dynamic.run import Observation
from scripts.certify.dynamic.verdict import Problem
from scripts.certify.show import print_static
from scripts.certify.static import StaticReport


@dataclass(frozen=True)
class Certificate:
    """Both halves, for every job, and the real seconds they took."""

    static: Mapping[str, StaticReport]
    dynamic: Mapping[str, DynamicReport]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        static = all(report.passed for report in self.static.values())
        return static and all(report.passed for report in self.dynamic.values())

    def as_document(self) -> dict[str, Any]:
        """Return the certificate as JSON-able data."""
        return {
            "passed": self.passed,
            "cases": sum(report.cases for report in self.dynamic.values()),
            "survivors": self._problems("survivor"),
            "late": self._problems("late"),
            "untagged": self._problems("untagged"),
            "outcomes": self._problems("outcome"),
            "nets": {net: asdict(use) for net, use in self.nets().items()},
            "static": {job: report.as_document() for job, report in self.static.items()},
            "jobs": {job: _job_document(report) for job, report in self.dynamic.items()},
            "seconds": round(self.seconds, 1),
        }

    def nets(self) -> dict[str, NetUse]:
        """Return what every net did, over all jobs."""
        uses = {net: [report.nets[net] for report in self.dynamic.values() if net in report.nets] for net in ORDER}
        return {
            net: NetUse(
                sum(use.cases for use in found),
                max(use.worst_minutes for use in found),
                max(use.worst_usd for use in found),
            )
            for net, found in uses.items()
            if found
        }

    def _problems(self, kind: str) -> list[dict[str, Any]]:
        return [
            {"job": job, "case": problem.case, "cluster": problem.cluster, "why": problem.why}
            for job, report in self.dynamic.items()
            for problem in report.problems
            if problem.kind == kind
        ]


def _job_document(report: DynamicReport) -> dict[str, Any]:
    return {
        "passed": report.passed,
        "cases": report.cases,
        "problems": len(report.problems),
        "nets": {net: asdict(use) for net, use in report.nets.items()},
        "unvisited_states": list(report.unvisited),
    }


def print_certificate(console: Console, certificate: Certificate) -> None:
    """Print the nets, what the graph proves, and every problem with the command that repeats it."""
    table = Table(title="What ended the clusters", title_justify="left")
    table.add_column("net")
    for heading in ("cases", "worst orphan minutes", "worst orphan dollars"):
        table.add_column(heading, justify="right")
    for net, use in certificate.nets().items():
        table.add_row(net, str(use.cases), f"{use.worst_minutes:.1f}", f"{use.worst_usd:.2f}")
    console.print(table)
    for job, static in certificate.static.items():
        console.print(f"\n[bold]{escape(job)}[/]: what the graph proves")
        print_static(console, static)
    for job, dynamic in certificate.dynamic.items():
        _print_job(console, job, dynamic)
    verdict = "[bold green]no cluster survives[/]" if certificate.passed else "[bold red]not certified[/]"
    cases = sum(report.cases for report in certificate.dynamic.values())
    console.print(f"\n{cases} cases in {certificate.seconds:.0f} s: {verdict}")


def _print_job(console: Console, job: str, report: DynamicReport) -> None:
    for problem in report.problems:
        _print_problem(console, problem)
        console.print(f"    slow-lambda certify --job {job} --case {problem.case}", markup=False)
    if report.unvisited:
        console.print(f"{escape(job)}: no path enters {', '.join(map(escape, report.unvisited))}")


def _print_problem(console: Console, problem: Problem) -> None:
    cluster = f" {problem.cluster}" if problem.cluster else ""
    console.print(f"[red]{problem.kind}[/]{cluster}: {escape(problem.why)}")


def print_case(console: Console, case: Case, seen: Observation, problems: Sequence[Problem]) -> None:
    """Print the timeline of one case, its clusters and what is wrong with it."""
    console.print(f"[bold]{escape(case.id)}[/]; a cluster may live until {case.allowed} has had its turn")
    table = Table(box=None)
    table.add_column("minutes", justify="right")
    table.add_column("who")
    table.add_column("what")
    for line in seen.timeline:
        table.add_row(f"{math.floor(line.seconds / 6) / 10:.1f}", line.who, escape(line.what))
    console.print(table)
    ending = f" with {seen.error}: {seen.cause}" if seen.error else ""
    console.print(f"The execution: {seen.status}{escape(ending)}")
    for cluster in seen.clusters:
        ended = f"ended by {cluster.net}" if cluster.net else "[red]alive[/]"
        console.print(f"{cluster.cluster}: {ended}, {cluster.minutes:.1f} minutes unneeded, ${cluster.usd:.2f}")
    for problem in problems:
        _print_problem(console, problem)
    if not problems:
        console.print("[green]as it should be[/]")


def case_document(case: Case, seen: Observation, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return one case as JSON-able data."""
    return {
        "case": case.id,
        "allowed": case.allowed,
        "status": seen.status,
        "error": seen.error,
        "cause": seen.cause,
        "clusters": [asdict(cluster) for cluster in seen.clusters],
        "problems": [asdict(problem) for problem in problems],
        "timeline": [asdict(line) for line in seen.timeline],
    }
