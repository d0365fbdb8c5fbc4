"""``slow-lambda check``: what is wrong with the specs, and what is good to know about them."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from lambdas.specs import SPECS
from scripts.checking.rules import SEVERITIES, Found, apply
from scripts.checking.spec_rules import SPEC_RULES
from scripts.checking.specs import load_specs

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def check(
    specs: Annotated[Path, typer.Option(help="The emr_specs folder.", exists=True, file_okay=False)] = SPECS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look through all specs; exit status 1 if there is an error."""
    found = apply(SPEC_RULES, load_specs(specs.resolve()))
    if as_json:
        print(json.dumps({"findings": [vars(each) for each in found]}, indent=2))
    else:
        _show(found)
    if any(each.severity == "error" for each in found):
        raise typer.Exit(1)


def _show(found: Sequence[Found]) -> None:
    console = Console(soft_wrap=True)
    for each in found:
        colour = _COLOURS[each.severity]
        console.print(f"[{colour}]{each.severity}[/] {escape(f'{each.file}:{each.line}: {each.what}')} ({each.id})")
        console.print(f"  {escape(each.why)} {escape(each.fix)}", style="dim")
    count = Counter(each.severity for each in found)
    console.print(
        ", ".join(f"{count[severity]} {severity}{'' if count[severity] == 1 else 's'}" for severity in SEVERITIES)
    )
