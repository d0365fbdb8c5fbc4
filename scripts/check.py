"""``slow-lambda check``: what is wrong with specs, definitions and templates, and what is good to know about them."""

import datetime
import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from lambdas.specs import SPECS
from scripts.checking.catalogue import CATALOGUE, RULES
from scripts.checking.exits import exit_status
from scripts.checking.formats import as_document, as_sarif, rules_document, show, show_rules
from scripts.checking.subjects import check_file, check_specs

Format = Literal["text", "json", "sarif"]


def check(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="A definition in Amazon States Language or a template, instead of all there is.", exists=True
        ),
    ] = None,
    specs: Annotated[Path, typer.Option(help="The emr_specs folder.", exists=True, file_okay=False)] = SPECS,
    form: Annotated[Format, typer.Option("--format", help="How to print what is found.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document: --format json.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules instead of checking anything.")] = False,
) -> None:
    """Look through the specs, the definitions rendered from them and the template, or through one file.

    Exit status 0: nothing worse than notes; 3: warnings; 1: errors; 2: the check could not be made.
    """
    form = "json" if as_json else form
    if rules:
        _list(form)
        return
    today = datetime.datetime.now(datetime.UTC).date()
    found = check_file(path, today) if path else check_specs(specs.resolve(), today)
    if form == "text":
        show(found)
    else:
        print(json.dumps(as_sarif(found, RULES) if form == "sarif" else as_document(found), indent=2))
    raise typer.Exit(exit_status(found))


def _list(form: Format) -> None:
    if form == "text":
        show_rules(CATALOGUE)
    else:
        print(json.dumps(as_sarif([], RULES) if form == "sarif" else rules_document(CATALOGUE), indent=2))
