"""``slow-lambda dlq``: what could not be started or ended; why; and sending it again."""

import datetime
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from lambdas import aws
from scripts import deployment
from scripts.deployment import Deployment, DeploymentError
from scripts.dlq.choose import chosen
from scripts.dlq.explain import explain
from scripts.dlq.letter import Letter, ToFunction, ToStarts
from scripts.dlq.queue import oldest_first, taken
from scripts.dlq.redrive import Outcome, Post
from scripts.dlq.redrive import drop as drop_letter
from scripts.dlq.redrive import redrive as redrive_letter
from scripts.run import STAGE

# Of an id; what of it a table shows.
_SHORT = 8

IDS = Annotated[list[str], typer.Argument(help="Ids, or their first characters.")]
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
YES = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

dlq = typer.Typer(no_args_is_help=True)


@dlq.command("list")
def list_letters(stage: STAGE = "dev", as_json: JSON = False) -> None:
    """List the rejected events, by cause; they stay in the queue."""
    post = _post(deployment.find(stage))
    with taken(post.sqs, post.rejected, stage) as letters:
        found = oldest_first(letters.values())
    if as_json:
        print(json.dumps(_summary(stage, found), indent=2, ensure_ascii=False))
    else:
        _show_all(stage, found)


@dlq.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="An id, or its first characters.")],
    stage: STAGE = "dev",
    as_json: JSON = False,
) -> None:
    """Show one rejected event in full; it stays in the queue."""
    post = _post(deployment.find(stage))
    with taken(post.sqs, post.rejected, stage) as letters:
        (letter,) = chosen(letters, [id_])
    document = {**_document(letter), "body": letter.body}
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    for name, value in document.items():
        if value not in (None, ""):
            console.print(f"[bold]{name.replace('_', ' ')}:[/] ", end="")
            console.out(value, highlight=False)


@dlq.command()
def redrive(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids, or their first characters.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    yes: YES = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent, and where.")] = False,
    stage: STAGE = "dev",
    as_json: JSON = False,
) -> None:
    """Send rejected events where they were meant to go; exit status 1 if one could not be.

    Each is deleted only when it has been accepted. One that is sent twice starts nothing twice.
    """
    if all_ == bool(ids):
        raise typer.BadParameter("name ids, or give --all")
    post = _post(deployment.find(stage))
    with taken(post.sqs, post.rejected, stage) as letters:
        meant = oldest_first(letters.values()) if all_ else chosen(letters, ids or [])
        if dry_run:
            outcomes = [Outcome(letter, sent=False, gone=False) for letter in meant]
        elif meant and (yes or typer.confirm(f"send {_events(len(meant))} again?", err=True)):
            outcomes = _each(meant, letters, lambda letter: redrive_letter(letter, post))
        else:
            outcomes = []
    _report(outcomes, "would be sent" if dry_run else "sent", as_json)


@dlq.command()
def drop(ids: IDS, yes: YES = False, stage: STAGE = "dev", as_json: JSON = False) -> None:
    """Delete rejected events without sending them; exit status 1 if one could not be."""
    post = _post(deployment.find(stage))
    with taken(post.sqs, post.rejected, stage) as letters:
        meant = chosen(letters, ids)
        for letter in meant:
            print(f"{letter.id}: {letter.purpose}", file=sys.stderr)
        is_meant = yes or typer.confirm(f"delete {_events(len(meant))} for good?", err=True)
        outcomes = _each(meant, letters, lambda letter: drop_letter(letter, post)) if is_meant else []
    _report(outcomes, "dropped", as_json)


def _post(found: Deployment) -> Post:
    missing = [name for name in ("RejectedEvents", "StartQueue") if name not in found.outputs]
    if missing:
        raise DeploymentError(
            f"the stack of stage {found.stage} has no output {' and no output '.join(missing)}: it was deployed by an "
            "older version; deploy it again"
        )
    return Post(aws.sqs(), aws.lambda_(), found.outputs["StartQueue"], found.outputs["RejectedEvents"])


def _each(meant: Sequence[Letter], letters: dict[str, Letter], treat: Callable[[Letter], Outcome]) -> list[Outcome]:
    """Treat letters one by one; what is gone from the queue is not given back to it."""
    outcomes = []
    for letter in meant:
        outcome = treat(letter)
        if outcome.gone:
            del letters[letter.id]
        outcomes.append(outcome)
    return outcomes


def _summary(stage: str, letters: Sequence[Letter]) -> dict[str, Any]:
    documents = [_document(letter) for letter in letters]
    return {
        "stage": stage,
        "count": len(letters),
        "by_cause": dict(Counter(document["cause"] for document in documents).most_common()),
        "oldest": letters[0].sent.isoformat() if letters else None,
        "events": documents,
    }


def _document(letter: Letter) -> dict[str, Any]:
    explained = explain(letter)
    return {
        "id": letter.id,
        "sent": letter.sent.isoformat(),
        "source": letter.source.value,
        "origin": letter.origin,
        "job": letter.job,
        "purpose": letter.purpose,
        "error_code": letter.code,
        "error_message": letter.message,
        "condition": letter.condition,
        "attempts": letter.attempts,
        **vars(explained),
        "redriven_to": _place(letter.again),
    }


def _place(again: ToStarts | ToFunction | None) -> str | None:
    if again is None:
        return None
    return "the queue of starts" if isinstance(again, ToStarts) else f"the function {again.name}"


def _show_all(stage: str, letters: Sequence[Letter]) -> None:
    if not letters:
        print(f"no event of stage {stage} is rejected")
        return
    now = datetime.datetime.now(datetime.UTC)
    explained = {letter.id: explain(letter) for letter in letters}
    causes = Counter(each.cause for each in explained.values())
    print(f"{_events(len(letters))} rejected, the oldest {_age(now - letters[0].sent)} old")
    table = Table("id", "age", *(Column(name, overflow="fold") for name in ("was to", "rejected by", "cause")))
    for letter in letters:
        origin = f"{letter.source} {letter.origin.removeprefix(f'slow-lambda-{stage}-')}".strip()
        short = letter.id[:_SHORT]
        table.add_row(short, _age(now - letter.sent), letter.purpose, origin, explained[letter.id].cause)
    Console().print(table)
    for cause, count in causes.most_common():
        example = next(letter for letter in letters if explained[letter.id].cause == cause)
        print(f"\n{cause} ({count}): {explained[example.id].why}\nWhat to do: {explained[example.id].todo}")


def _report(outcomes: Iterable[Outcome], word: str, as_json: bool) -> None:
    outcomes = list(outcomes)
    if as_json:
        documents = [
            {
                "id": each.letter.id,
                "purpose": each.letter.purpose,
                "to": _place(each.letter.again),
                "sent": each.sent,
                "gone": each.gone,
                "problem": each.problem,
            }
            for each in outcomes
        ]
        print(json.dumps({"events": documents}, indent=2, ensure_ascii=False))
    else:
        for each in outcomes:
            to = "" if word == "dropped" else f" to {_place(each.letter.again)}"
            print(f"{each.letter.id}: {each.problem or word + to} ({each.letter.purpose})")
        if not outcomes:
            print("nothing done")
    if any(each.problem for each in outcomes):
        raise typer.Exit(1)


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"


def _age(age: datetime.timedelta) -> str:
    return str(datetime.timedelta(seconds=max(round(age.total_seconds()), 0)))
