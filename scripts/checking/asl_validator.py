"""asl-validator, a program for Node, as far as the rules use it."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdas.specs.document import Key
from scripts.checking.definition import Definition
from scripts.node import NodeError, node, node_tool
from scripts.rendering.paths import ROOT

ASL_VALIDATOR_MISSING = "asl-validator is not installed; install it with 'python -m scripts.node'"

_SCRIPT = """
const validate = require("asl-validator");
const definition = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(validate(definition, {checkPaths: true, checkArn: false}).errors));
"""
_TIMEOUT_SECONDS = 60

# What rules of our own say better, with the state's line.
_SAID = ("is not reachable", "is missing a terminal state", "Missing 'StartAt'|'Next'|'Default' target")


class AslValidatorError(RuntimeError):
    """asl-validator did not answer."""


def has_asl_validator() -> bool:
    """Whether asl-validator can be run."""
    try:
        node_tool("asl-validator")
    except NodeError:
        return False
    return True


def asl_validator(definition: Definition) -> Iterator[tuple[Key, str]]:
    """Yield what asl-validator finds, with the place it names.

    Raises
    ------
    AslValidatorError
        It failed itself.
    """
    done = subprocess.run(
        [str(node().path), "-e", _SCRIPT],
        input=json.dumps(definition.data),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise AslValidatorError(f"asl-validator failed on {definition.file}: {done.stderr.strip()[-500:]}")
    yield from problems(definition, json.loads(done.stdout))


def problems(definition: Definition, errors: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Key, str]]:
    """Yield the errors it reports that say something new, each with its place.

    Parameters
    ----------
    definition
        What it looked at.
    errors
        What it answered. Of a state it cannot make out it also says that the Type is none of those it knows.
    """
    named = [
        (_key(definition, each.get("schemaError", {}).get("instancePath", "")), str(each["Message"]))
        for each in errors
        if not any(words in str(each["Message"]) for words in _SAID)
    ]
    states = {key[:-1] for key, _ in named if key[-1:] != ("Type",)}
    for key, text in named:
        is_echo = key[-1:] == ("Type",) and key[:-1] in states
        if not is_echo and not _is_substituted(definition, key):
            yield key, text


def _key(definition: Definition, pointer: str) -> Key:
    """Return the place a JSON pointer names."""
    key: Key = ()
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        number = (*key, int(name)) if name.isdigit() else key
        key = number if name.isdigit() and number in definition.lines else (*key, name)
    return key


def _is_substituted(definition: Definition, key: Key) -> bool:
    """Whether CloudFormation fills the value in, so that it cannot be judged."""
    value: Any = definition.data
    for part in key:
        is_there = part in value if isinstance(value, Mapping) else isinstance(part, int) and isinstance(value, list)
        value = value[part] if is_there else None
    return isinstance(value, str) and "${" in value
