"""What a Task does to clusters."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from scripts.certify.static.graph import ALL, State, attempts

# https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html and
# https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html.
# The partition may be any, or a placeholder.
_INTEGRATION = re.compile(r"^arn:.+:states:.*?:(?P<service>elasticmapreduce|aws-sdk:emr|lambda):(?P<action>\w+)", re.I)
_ACTIONS = {
    ("elasticmapreduce", "createcluster"): "create",
    ("aws-sdk:emr", "runjobflow"): "create",
    ("elasticmapreduce", "terminatecluster"): "terminate",
    ("aws-sdk:emr", "terminatejobflows"): "terminate",
    ("elasticmapreduce", "addstep"): "step",
    ("aws-sdk:emr", "addjobflowsteps"): "step",
    ("lambda", "invoke"): "lambda",
}

# A function's reference may end in what it is rather than in its name: ReapClustersLambdaFunction.Arn.
_SUFFIX_WORDS = {"alias", "arn", "fn", "function", "lambda", "live", "name", "version"}
_NEGATIONS = {"dont", "never", "not", "skip"}

_ANY_FAILURE = {ALL, "States.TaskFailed"}


class Kind(Enum):
    """What a Task means for a cluster."""

    CREATE = auto()
    STEP = auto()
    TERMINATE = auto()  # by the id it is given
    REAP = auto()  # a Lambda, by tag: every cluster of the execution
    OTHER = auto()


@dataclass(frozen=True)
class Action:
    """A Task's kind, and the prefixes of the errors its service raises."""

    kind: Kind
    errors: tuple[str, ...] = ()


_OTHER = Action(Kind.OTHER)


def action(state: State, terminates: Collection[str]) -> Action:
    """Return what a state does to clusters.

    Parameters
    ----------
    state
        Any state; only a Task does something.
    terminates
        Names of Lambda functions that end the execution's clusters.
    """
    if state.type != "Task":
        return _OTHER
    resource = state.body["Resource"]
    match = _INTEGRATION.match(resource)
    if not match and ":states:" in resource:  # another service, or an activity
        return _OTHER
    service = match["service"].lower() if match else "lambda"
    done = _ACTIONS.get((service, match["action"].lower() if match else "invoke"))
    if done == "lambda":
        function = argument(state, "FunctionName") if match else resource
        return Action(Kind.REAP) if is_named(function, terminates) else _OTHER
    # Prefixes as these tasks report their errors; definitions also name ElasticMapReduce, which does no harm.
    errors = ("EMR.", "ElasticMapReduce") if service == "elasticmapreduce" else ("Emr.",)
    kinds = {"create": Kind.CREATE, "terminate": Kind.TERMINATE, "step": Kind.STEP}
    return Action(kinds[done], errors) if done else _OTHER


def arguments(state: State) -> Mapping[str, Any] | str:
    """Return a Task's Arguments or Parameters; a text when they are one expression."""
    given = state.body.get("Arguments", state.body.get("Parameters", {}))
    return given if isinstance(given, Mapping | str) else {}


def argument(state: State, name: str) -> Any:
    """Return one argument, literal or expression; None when it is not given or cannot be seen."""
    given = arguments(state)
    return None if isinstance(given, str) else given.get(name, given.get(f"{name}.$"))


def is_named(function: object, names: Collection[str]) -> bool:
    """Whether a reference to a Lambda function names one of these functions.

    Parameters
    ----------
    function
        A name, an ARN with or without a version or alias, a CloudFormation substitution, or an expression that ends in
        one of these.
    names
        Compared word by word; the reference may have words before (``slow-lambda-dev-reap-clusters``).
    """
    if not isinstance(function, str):
        return False
    words = _words(_function_name(function))
    while words and words[-1] in _SUFFIX_WORDS:
        words.pop()
    return any(_ends_in(words, "".join(_words(name))) for name in names)


def _function_name(reference: str) -> str:
    text = re.sub(r"\$\{([^}]*)\}", lambda found: found[1].replace("::", "-"), reference)
    name = re.search(r"(?<=:function:)[^:]+", text) if ":function:" in text else re.search(r"[^:]+", text)
    return name[0] if name else ""


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", text)]


def _ends_in(words: list[str], name: str) -> bool:
    for start in range(len(words)):
        if "".join(words[start:]) == name:
            return not (start and words[start - 1] in _NEGATIONS)
    return False


def retries_failures(state: State, done: Action) -> bool:
    """Whether a terminate's Retry would retry the errors its service raises; the first retrier that matches decides."""
    for retrier in state.body.get("Retry", []):
        names = set(retrier["ErrorEquals"])
        if attempts(retrier) > 0:
            if names & _ANY_FAILURE or any(_raised_by(done, name) for name in names):
                return True
        elif names & _ANY_FAILURE:
            return False
    return False


def _raised_by(done: Action, name: str) -> bool:
    if done.kind is Kind.REAP:
        return not name.startswith("States.")
    return name.startswith(done.errors)
