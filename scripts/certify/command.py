"""``slow-lambda certify``: every way an execution can die, executed, and no cluster survives."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lambdas.specs import Job, load_cluster, load_job, load_jobs
from scripts.certify.progress import Progress
from scripts.certify.show import print_exits, print_static
from scripts.certify.static import DEFAULT_TERMINATES, StaticReport, certify_definition, load_definition
from scripts.rendering.machine import render_machine


def certify(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Definitions to judge by their graph alone, of whatever project.")
    ] = None,
    job: Annotated[str | None, typer.Option(help="One job instead of all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    randoms: Annotated[int, typer.Option("--random", min=0, help="So many cases more, of two or three faults.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Which random cases.")] = 0,
    case: Annotated[str | None, typer.Option(help="Run this case alone and show its timeline.")] = None,
    terminates: Annotated[
        list[str] | None, typer.Option(help="A Lambda that ends all clusters of its execution; may be repeated.")
    ] = None,
) -> None:
    """Prove that no cluster outlives its run: by the graph, and by running every fault; exit status 1 if one may."""
    console = Console(highlight=False, soft_wrap=True)
    if files:
        passed = _certify_files(console, files, DEFAULT_TERMINATES.union(terminates or ()), as_json)
    elif case:
        passed = _certify_case(console, _jobs(job), case, as_json)
    else:
        passed = _certify_jobs(console, _jobs(job), randoms, seed, as_json)
    if not passed:
        raise typer.Exit(1)


def _jobs(name: str | None) -> Sequence[Job]:
    return [load_job(name)] if name else list(load_jobs())


def _certify_files(console: Console, files: Sequence[Path], terminates: frozenset[str], as_json: bool) -> bool:
    reports = [(file, certify_definition(load_definition(file), terminates=terminates)) for file in files]
    if as_json:
        documents = [{"file": str(file), **report.as_document()} for file, report in reports]
        print(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False))
    else:
        for file, report in reports:
            console.print(f"[bold]{file}[/]")
            print_static(console, report)
            print_exits(console, report)
    return all(report.passed for _, report in reports)


def _certify_case(console: Console, jobs: Sequence[Job], case_id: str, as_json: bool) -> bool:
    # Here, not above: they bring moto, which takes a second to import and reads the user's AWS profile.
    from scripts.certify.dynamic.certify import make_catalogue  # noqa: PLC0415
    from scripts.certify.dynamic.deployment import machine_of  # noqa: PLC0415
    from scripts.certify.dynamic.pool import pool  # noqa: PLC0415
    from scripts.certify.report import case_document, print_case  # noqa: PLC0415

    if len(jobs) > 1:
        raise typer.BadParameter("a case belongs to a job: name it with --job")
    machine = machine_of(jobs[0])
    with pool() as workers:
        catalogue = make_catalogue(workers, machine)
        ((case, seen),) = workers.observe(machine, [catalogue.find(case_id)])
    problems = catalogue.judge(case, seen)
    if as_json:
        print(json.dumps(case_document(case, seen, problems), indent=2, ensure_ascii=False))
    else:
        print_case(console, case, seen, problems)
    return not problems


def _certify_jobs(console: Console, jobs: Sequence[Job], randoms: int, seed: int, as_json: bool) -> bool:
    from scripts.certify.dynamic.certify import certify_machine  # noqa: PLC0415
    from scripts.certify.dynamic.deployment import machine_of  # noqa: PLC0415
    from scripts.certify.dynamic.pool import pool  # noqa: PLC0415
    from scripts.certify.report import Certificate, print_certificate  # noqa: PLC0415

    start = time.monotonic()
    static = {job.name: _static(job) for job in jobs}
    with pool() as workers, Progress(Console(file=sys.stderr), quiet=as_json) as progress:
        dynamic = {
            job.name: certify_machine(workers, machine_of(job), randoms, seed, progress.of(job.name)) for job in jobs
        }
    certificate = Certificate(static, dynamic, time.monotonic() - start)
    if as_json:
        print(json.dumps(certificate.as_document(), indent=2, ensure_ascii=False))
    else:
        print_certificate(console, certificate)
    return certificate.passed


def _static(job: Job) -> StaticReport:
    definition = json.loads(render_machine(job, load_cluster(job.cluster)))
    return certify_definition(definition, strict=True)
