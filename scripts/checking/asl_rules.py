"""The rules about Amazon States Language itself: what the validators say, on the lines of what they name."""

from collections.abc import Iterator

from scripts.checking.asl_statelint import STATELINT_MISSING, has_statelint, statelint
from scripts.checking.asl_validator import ASL_VALIDATOR_MISSING, asl_validator, has_asl_validator
from scripts.checking.definition import Definition
from scripts.checking.rules import Place, Rule

_SPEC = "https://states-language.net/"


def _mistakes(definition: Definition) -> Iterator[tuple[Place, str]]:
    for line, text in definition.mistakes:
        yield Place(definition.file, line), text


def _statelint(definition: Definition) -> Iterator[tuple[Place, str]]:
    for key, text in statelint(definition) if has_statelint() else ():
        yield definition.place(key), text


def _without_statelint(definition: Definition) -> Iterator[tuple[Place, str]]:
    if definition.data and not has_statelint():
        yield definition.place(), STATELINT_MISSING


def _asl_validator(definition: Definition) -> Iterator[tuple[Place, str]]:
    for key, text in asl_validator(definition) if definition.data and has_asl_validator() else ():
        yield definition.place(key), text


def _without_asl_validator(definition: Definition) -> Iterator[tuple[Place, str]]:
    if definition.data and not has_asl_validator():
        yield definition.place(), ASL_VALIDATOR_MISSING


ASL_RULES: tuple[Rule[Definition], ...] = (
    Rule(
        id="definition-invalid",
        severity="error",
        why="What is no definition in Amazon States Language is refused, and nothing else about it can be checked.",
        fix="Write what is expected there.",
        link=_SPEC,
        find=_mistakes,
    ),
    Rule(
        id="asl-statelint",
        severity="error",
        why="Step Functions refuses a definition that breaks the rules of Amazon States Language.",
        fix="Write what statelint asks for.",
        link=_SPEC,
        find=_statelint,
    ),
    Rule(
        id="asl-statelint-missing",
        severity="note",
        why="Fields that a state may not have, and values of the wrong kind, are not found without it.",
        fix="Install it where slow-lambda is installed.",
        link=_SPEC,
        find=_without_statelint,
    ),
    Rule(
        id="asl-validator",
        severity="error",
        why="Step Functions refuses a definition that does not follow the schema of Amazon States Language.",
        fix="Write what asl-validator expects there.",
        link="https://github.com/ChristopheBougere/asl-validator",
        find=_asl_validator,
    ),
    Rule(
        id="asl-validator-missing",
        severity="note",
        why="asl-validator knows the schema of every state and path; without it some mistakes are found at deployment.",
        fix="Install it: python -m scripts.node.",
        link="https://github.com/ChristopheBougere/asl-validator",
        find=_without_asl_validator,
    ),
)
