"""``slow-lambda replay``: runs again, one or many, and events."""

import datetime
from collections.abc import Mapping
from typing import Annotated

import typer

from lambdas.replays.request import AskedSize, ReplayRequest
from scripts import deployment
from scripts.ledger.times import parse_moment
from scripts.replaying import modes
from scripts.replaying.modes import Answer, Limits
from scripts.run import FOLLOW, STAGE

_DAY = "24h"


def replay(  # noqa: PLR0913, PLR0917 - each is an option of the command
    run: Annotated[
        str | None,
        typer.Argument(
            help="Its name, or the beginning of it; its ARN; @last or @last-failed. With --resume a bulk replay's id."
        ),
    ] = None,
    from_step: Annotated[str | None, typer.Option(help="The first step to run; the rest must be proven done.")] = None,
    all_steps: Annotated[bool, typer.Option("--all-steps", help="Run every step.")] = False,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="Another input, of which every step runs; again for several.")
    ] = None,
    manifest: Annotated[str | None, typer.Option(help="Another input: an object in S3 that lists it.")] = None,
    size: Annotated[str | None, typer.Option(help="TYPE:N, N workers of a type, as m7g.xlarge:4.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Replay all that failed.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Send archived events again.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a bulk replay, the newest unless named.")
    ] = False,
    since: Annotated[str | None, typer.Option(help="90m, 24h, 7d ago, or a date or time; 24h unless given.")] = None,
    until: Annotated[str | None, typer.Option(help="Written likewise; until now unless given.")] = None,
    jobs: Annotated[list[str] | None, typer.Option("--job", help="Only of this job; again for another.")] = None,
    causes: Annotated[
        list[str] | None, typer.Option("--class", help="Only what failed so, as CapacityShortage; again for another.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what a replay cannot cure.")] = False,
    max_parallel: Annotated[int | None, typer.Option(min=1, help="So many of them at a time.")] = None,
    max_usd: Annotated[float | None, typer.Option(min=0, help="Stop before recorded estimates pass this.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    follow: FOLLOW = True,
    stage: STAGE = "dev",
) -> None:
    """Start a run again from where it got stuck; with --failed all that failed; with --events what started them.

    Steps that were completed are not run again, if what they wrote is still there. Code and size are those of today.
    Shows what it would do, with the price, and asks.
    """
    one = {
        "--from-step": from_step,
        "--all-steps": all_steps,
        "--input": inputs,
        "--manifest": manifest,
        "--size": size,
    }
    window = {"--since": since, "--until": until}
    choice = {"--job": jobs, "--class": causes, "--force": force}
    limits = {"--max-parallel": max_parallel, "--max-usd": max_usd}
    answer = Answer(yes, dry_run, as_json)
    now = datetime.datetime.now(datetime.UTC)
    begin, end = parse_moment(since or _DAY, now), parse_moment(until, now) if until else now
    if sum((failed, events, resume, run is not None and not resume)) != 1:
        raise typer.BadParameter("name a run, or give one of --failed, --events, --resume")
    if resume:
        _refuse("--resume", one, window, choice, {"--dry-run": dry_run})
        modes.go_on(deployment.find(stage), run, Limits(max_parallel, max_usd), answer)
    elif failed:
        _refuse("--failed", one)
        wanted = modes.Asked(begin, end, tuple(jobs or ()), tuple(causes or ()), force)
        modes.many(deployment.find(stage), wanted, Limits(max_parallel, max_usd), answer, now)
    elif events:
        _refuse("--events", one, choice, limits)
        modes.events(deployment.find(stage), begin, end, answer)
    else:
        _refuse("a run", window, {**choice, "--job": len(jobs or ()) > 1}, limits)
        request = ReplayRequest(str(run), from_step, all_steps, _input(inputs, manifest), _size(size))
        modes.one(deployment.find(stage), request, jobs[0] if jobs else None, answer, now, follow=follow)


def _refuse(mode: str, *options: Mapping[str, object]) -> None:
    given = [name for some in options for name, value in some.items() if value]
    if given:
        raise typer.BadParameter(f"{', '.join(given)} cannot be given with {mode}")


def _input(inputs: list[str] | None, manifest: str | None) -> dict[str, object] | None:
    if inputs and manifest:
        raise typer.BadParameter("say either --input or --manifest")
    if manifest:
        return {"manifest": manifest}
    return {"input": list(inputs) if len(inputs) > 1 else inputs[0]} if inputs else None


def _size(text: str | None) -> AskedSize | None:
    if text is None:
        return None
    kind, _, workers = text.partition(":")
    if not kind or not workers.isdigit() or int(workers) < 1:
        raise typer.BadParameter(f"--size {text}: write a type and the number of workers, as in m7g.xlarge:4")
    return AskedSize(kind, int(workers))
