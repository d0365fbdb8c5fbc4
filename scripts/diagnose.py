"""``slow-lambda diagnose``: why a run failed, and what helps."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from scripts import deployment
from scripts.diagnosing.decide import CaseError, decide
from scripts.diagnosing.past_run import PastRun, Shown, diagnose_run, find_run
from scripts.ledger.options import JOB, RUN_ARGUMENT
from scripts.run import STAGE


def diagnose(
    run: Annotated[str | None, RUN_ARGUMENT] = None,
    job: JOB = None,
    stage: STAGE = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    judge: Annotated[
        bool,
        typer.Option("--decide", help="Judge cases from standard input instead, one JSON object a line in and out."),
    ] = False,
) -> None:
    """Say why a run failed, with the evidence, and what helps; or judge cases line by line with --decide."""
    if judge == (run is not None):
        raise typer.BadParameter("name a run, or give --decide and cases on standard input")
    if run is None:
        _judge_lines()
        return
    past = find_run(deployment.find(stage), run, job)
    status = past.execution["status"]
    shown = None if status in {"SUCCEEDED", "RUNNING"} else diagnose_run(past)
    if as_json:
        print(json.dumps(_document(past, shown), indent=2, ensure_ascii=False))
    else:
        _show(past, shown)


def _judge_lines() -> None:
    wrong = False
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            print(decide(line), flush=True)
        except CaseError as error:
            wrong = True
            print(f"slow-lambda: line {number}: {error}", file=sys.stderr)
    if wrong:
        raise typer.Exit(2)


def _document(past: PastRun, shown: Shown | None) -> dict[str, object]:
    diagnosis = shown.diagnosis if shown else None
    return {
        "run": past.name,
        "job": past.job,
        "status": past.execution["status"],
        "error": shown.error if shown else None,
        "cause": shown.cause if shown else None,
        "class": diagnosis.failure_class if diagnosis else None,
        "action": diagnosis.action if diagnosis else None,
        "confidence": diagnosis.confidence if diagnosis else None,
        "evidence": diagnosis.evidence if diagnosis else [],
        "cluster": diagnosis.cluster_id if diagnosis else None,
        "step": diagnosis.step_id if diagnosis else None,
        "log": diagnosis.log if diagnosis else None,
        "earlier": [attempt.model_dump() for attempt in past.earlier],
    }


def _show(past: PastRun, shown: Shown | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    colour = "green" if past.execution["status"] == "SUCCEEDED" else "yellow" if shown is None else "red"
    console.print(f"{past.name}: [bold {colour}]{past.execution['status']}[/]")
    if shown is not None:
        console.print(f"[bold]{shown.error}[/]")
        console.print(shown.cause, markup=False)
        if shown.diagnosis:
            sure = f"{shown.diagnosis.confidence:.0%}"
            console.print(
                f"\nClass {shown.diagnosis.failure_class}, {sure} sure; what helps: {shown.diagnosis.action}."
            )
        return
    for attempt in past.earlier:
        console.print(
            f"Attempt {attempt.number}: {attempt.failure_class} in {attempt.failed_state!r}; then: {attempt.change}.",
            markup=False,
        )
