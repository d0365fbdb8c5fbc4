"""What is looked at, and by which rules."""

import datetime
from collections.abc import Iterable
from pathlib import Path

from lambdas.specs import SPECS
from scripts.checking.catalogue import RULES_OF_SPECS
from scripts.checking.definition import Definition, rendered_definitions
from scripts.checking.definition_rules import DEFINITION_RULES
from scripts.checking.rules import Found, apply, worst_first
from scripts.checking.specs import load_specs
from scripts.checking.template import Template, embedded_definitions, load_file, load_template
from scripts.checking.template_rules import TEMPLATE_RULES


def check_specs(root: Path, today: datetime.date) -> list[Found]:
    """Look through a folder of specs and the definitions rendered from them; with the project's own, the template too.

    Parameters
    ----------
    root
        The ``emr_specs`` folder.
    today
        The day on which releases and prices are too old or not.
    """
    specs = load_specs(root, today)
    found = [*apply(RULES_OF_SPECS, specs), *_of_definitions(rendered_definitions(specs))]
    # The template is made of all specs, and of the project's own only.
    if root == SPECS and not specs.mistakes:
        found += apply(TEMPLATE_RULES, load_template())
    return worst_first(found)


def check_file(path: Path, today: datetime.date) -> list[Found]:
    """Look through one file: a definition, or a template and the definitions in it.

    Raises
    ------
    DefinitionError
        The file cannot be read.
    """
    subject = load_file(path, today)
    if isinstance(subject, Template):
        definitions = embedded_definitions(subject, today)
        return worst_first([*apply(TEMPLATE_RULES, subject), *_of_definitions(definitions)])
    return apply(DEFINITION_RULES, subject)


def _of_definitions(definitions: Iterable[Definition]) -> list[Found]:
    return [each for definition in definitions for each in apply(DEFINITION_RULES, definition)]
