"""The rules about expressions: which are never evaluated, and which name what is not there."""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from scripts.certify.static.graph import State, strings
from scripts.checking.definition import Definition, own_fields
from scripts.checking.definition_given import Given
from scripts.checking.rules import Place, Rule

_JSONATA_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html"

# Fields whose values may be expressions.
_EVALUATED = ("Arguments", "Parameters", "ResultSelector", "Output", "Assign", "ItemSelector")

_PATH = re.compile(r"\$\$?(?:\.[A-Za-z_]|\[)")
_INTRINSIC = re.compile(r"States\.[A-Z]\w+\(")
_STATES = re.compile(r"\$states\.")

_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|/\*.*?\*/", re.DOTALL)
_VARIABLE = re.compile(r"(?<![\w$])\$([A-Za-z_]\w*)")
_BOUND = re.compile(r"\$([A-Za-z_]\w*)\s*:=|(?:function|λ)\s*\(([^)]*)\)|[@#]\$([A-Za-z_]\w*)")

# https://docs.jsonata.org/overview.html (2.0.6) and
# https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html for the last line
_FUNCTIONS = frozenset(
    """
    string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join match
    replace base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl number abs floor ceil
    round power sqrt random formatNumber formatBase formatInteger parseInteger sum max min average boolean not exists
    count append sort reverse shuffle distinct zip keys lookup spread merge sift each error assert type now millis
    fromMillis toMillis map filter single reduce
    states partition range hash uuid parse
    """.split()  # noqa: SIM905 - read as a table
)


def _fields(state: State) -> Iterator[Given]:
    """Yield every field of a state, its catchers and its choices whose values may be expressions."""
    bodies: list[tuple[tuple[str | int, ...], Mapping[str, object]]] = [((), state.body)]
    for name in ("Catch", "Choices"):
        bodies += [((name, number), each) for number, each in enumerate(state.body.get(name, []))]
    for key, body in bodies:
        for field in _EVALUATED:
            if field in body:
                yield Given(body[field], (*key, field), state.jsonata)


def _not_evaluated(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        for leaf in (leaf for field in _fields(state) for leaf in field.leaves()):
            if isinstance(leaf.value, str) and (words := _mistaken(leaf)):
                yield definition.at(state, *leaf.key), f"{state.label}: {leaf.value!r} {words}"


def _mistaken(leaf: Given) -> str | None:
    """Say why what looks like an expression is passed on as it is written; ``None`` if it is not."""
    text = leaf.value.strip()
    marked = str(leaf.key[-1]).endswith(".$")
    is_path = bool(_PATH.match(text) or _INTRINSIC.match(text))
    if leaf.jsonata:
        if text.startswith("{%"):
            return None
        if "{%" in text:
            return "is not evaluated: {% and %} have to stand around the whole text"
        if is_path or marked or _STATES.match(text):
            return "is not evaluated: in JSONata an expression stands between {% and %}"
    elif text.startswith("{%"):
        return "is not evaluated: this state's query language is JSONPath"
    elif is_path and not marked:
        in_list = isinstance(leaf.key[-1], int)
        return "is not evaluated: " + ("use States.Array for lists" if in_list else "the name has to end with .$")
    return None


def _unparsable(definition: Definition) -> Iterator[tuple[Place, str]]:
    if find_spec("jsonata") is None:
        return
    from jsonata import JException, Jsonata  # noqa: PLC0415 - only the local cloud needs it installed

    for state in definition.states:
        for text in _expressions(state) if state.jsonata else ():
            try:
                Jsonata(text.strip().removeprefix("{%").removesuffix("%}"))
            except JException as error:
                yield definition.at(state), f"{state.label}: {text!r}: {error}"


def _unassigned(definition: Definition) -> Iterator[tuple[Place, str]]:
    assigned = {name for state in definition.states for name in _assigned(state)}
    for state in definition.states:
        missing = sorted({name for text in _expressions(state) for name in _free(text, state)} - assigned)
        if missing:
            names = ", ".join(f"${name}" for name in missing)
            yield definition.at(state), f"{state.label} uses {names}, which no state assigns"


def _assigned(state: State) -> Iterator[str]:
    for body in (state.body, *state.body.get("Catch", []), *state.body.get("Choices", [])):
        names = body.get("Assign")
        yield from (name.removesuffix(".$") for name in names) if isinstance(names, Mapping) else ()


def _expressions(state: State) -> Iterator[str]:
    """Yield the texts that are evaluated in a state itself."""
    for text in strings(own_fields(state)):
        if state.jsonata and text.lstrip().startswith("{%"):
            yield text
    if not state.jsonata:
        for field in _fields(state):
            yield from strings([leaf.value for leaf in field.leaves() if str(leaf.key[-1]).endswith(".$")])


def _free(text: str, state: State) -> set[str]:
    """Return the variables an expression takes from the machine."""
    code = _TEXT.sub("''", text)
    bound = {name for found in _BOUND.findall(code) for part in found for name in re.findall(r"\w+", part)}
    known = _FUNCTIONS if state.jsonata else frozenset[str]()
    return set(_VARIABLE.findall(code)) - bound - known


EXPRESSION_RULES = (
    Rule(
        id="expression-syntax",
        severity="error",
        why="Step Functions refuses a definition with an expression that is no JSONata.",
        fix="Correct the expression.",
        link=_JSONATA_PAGE,
        find=_unparsable,
    ),
    Rule(
        id="expression-not-evaluated",
        severity="warning",
        why="What looks like an expression reaches the service as it is written.",
        fix='Write "Name.$": "$.path" in JSONPath, and "{% expression %}" as the whole text in JSONata.',
        link=_JSONATA_PAGE,
        find=_not_evaluated,
    ),
    Rule(
        id="variable-unassigned",
        severity="error",
        why="An expression with a variable that has no value fails, or quietly leaves its place out.",
        fix="Assign the variable in a state that comes before, or correct its name.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html",
        find=_unassigned,
    ),
)
