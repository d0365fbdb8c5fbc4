"""The rules about errors: their names, and what is passed on of them."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from scripts.certify.static.graph import State, strings
from scripts.checking.definition import Definition, own_fields
from scripts.checking.emr_calls import call_of
from scripts.checking.rules import Place, Rule

_ERRORS_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"

# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation
_PREDEFINED = tuple(
    f"States.{name}"
    for name in """
    ALL BranchFailed DataLimitExceeded ExceedToleratedFailureThreshold HeartbeatTimeout Http.Socket IntrinsicFailure
    ItemReaderFailed NoChoiceMatched ParameterPathFailure Permissions QueryEvaluationError ResultPathMatchFailure
    ResultWriterFailed Runtime TaskFailed Timeout
    """.split()  # noqa: SIM905 - read as a table
)

# Whatever EMR answers, Step Functions' own integration of it calls the error this; the cause has EMR's code. Seen in
# public state machines and their histories; AWS does not document it.
_EMR_ERROR = "EMR.AmazonElasticMapReduceException"
_EMR_PREFIXES = ("EMR.", "Emr.", "ElasticMapReduce.", "ElasticMapReduce")

# A cause that becomes part of a longer text, whole.
_JOINED = re.compile(
    r"&\s*(?:\$string\(\s*)?\$states\.errorOutput\.Cause"
    r"|\$states\.errorOutput\.Cause\s*\)?\s*&"
    r"|States\.Format\([^)]*\$[\w.]*\.Cause"
)


def _named(state: State) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every error a state retries or catches by name."""
    for field in ("Retry", "Catch"):
        for number, rule in enumerate(state.body.get(field, [])):
            for name in rule["ErrorEquals"]:
                yield (field, number, "ErrorEquals"), name


def _unknown(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        for key, name in _named(state):
            if name.startswith("States.") and name not in _PREDEFINED:
                near = get_close_matches(name, _PREDEFINED, n=1)
                meant = f"; {near[0]} is" if near else ""
                yield definition.at(state, *key), f"{state.label} names {name}, which is no error{meant}"


def _uncatchable(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        for key, name in _named(state):
            if name == "States.Runtime":
                yield definition.at(state, *key), f"{state.label} names {name}, which is never retried or caught"


def _never_raised(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        call = call_of(state)
        for key, name in _named(state) if call and call.is_native else ():
            if name.startswith(_EMR_PREFIXES) and name != _EMR_ERROR:
                yield (
                    definition.at(state, *key),
                    f"{state.label} waits for {name}, which this integration does not raise",
                )


def _unbounded_causes(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        if any(_JOINED.search(text) for text in strings(own_fields(state))):
            yield definition.at(state), f"{state.label} joins a cause of any length to another text"


ERROR_RULES = (
    Rule(
        id="error-name-unknown",
        severity="error",
        why="Names that begin with States. are Step Functions' own, and it never raises one it does not know.",
        fix="Name one of the predefined errors.",
        link=_ERRORS_PAGE,
        find=_unknown,
    ),
    Rule(
        id="error-never-caught",
        severity="warning",
        why="States.Runtime ends the execution whatever is written in Retry and Catch.",
        fix="Remove the name, and avoid what raises the error: a path that is missing, a Choice without a match.",
        link=_ERRORS_PAGE,
        find=_uncatchable,
    ),
    Rule(
        id="emr-error-never-raised",
        severity="note",
        why="The EMR integration reports every refused call as EMR.AmazonElasticMapReduceException; "
        "the cause has EMR's own code.",
        fix="Name EMR.AmazonElasticMapReduceException or States.TaskFailed.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html",
        find=_never_raised,
    ),
    Rule(
        id="cause-unbounded",
        severity="note",
        why="A cause may have 32,768 characters, and the text it is joined to is refused where it becomes longer than "
        "that, as the cause of a Fail is.",
        fix="Cut it: $substring($states.errorOutput.Cause, 0, 8000).",
        link="https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html",
        find=_unbounded_causes,
    ),
)
