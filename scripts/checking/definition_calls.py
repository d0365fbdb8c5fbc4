"""The rules about what Tasks call: EMR's own integration, and the APIs of the AWS SDK."""

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches

from scripts.certify.static.graph import State
from scripts.checking.definition import Definition
from scripts.checking.definition_given import given
from scripts.checking.definition_sdk import SDK_PAGE, action_of, operation, service, services
from scripts.checking.definition_shapes import Kind, problems, structure
from scripts.checking.emr_calls import AWAITED_ACTIONS, NATIVE_PAGE, Call, call_of, native_requests
from scripts.checking.rules import Place, Rule


def _calls(definition: Definition, *, native: bool) -> Iterator[tuple[State, Call]]:
    for state in definition.states:
        call = call_of(state)
        if call and call.is_native is native:
            yield state, call


def _unknown_actions(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, call in _calls(definition, native=True):
        place = definition.at(state, "Resource")
        if call.action not in native_requests():
            yield place, f"{state.label} calls {call.action!r}, which is no action of EMR's{_meant(call.action)}"
        elif call.pattern not in ("", ".sync"):
            yield place, f"{state.label} calls {call.action}{call.pattern}; EMR's actions know .sync or nothing"
        elif call.pattern and call.action not in AWAITED_ACTIONS:
            yield place, f"{state.label} calls {call.action}.sync, but only {', '.join(AWAITED_ACTIONS)} can be awaited"


def _meant(action: str) -> str:
    near = get_close_matches(action.lower(), [each.lower() for each in native_requests()], n=1)
    meant = [each for each in native_requests() if each.lower() in near]
    return f"; {meant[0]} is" if meant else f": those are {', '.join(native_requests())}"


def _misshapen(kind: Kind) -> Callable[[Definition], Iterable[tuple[Place, str]]]:
    def find(definition: Definition) -> Iterator[tuple[Place, str]]:
        for state, call in _calls(definition, native=True):
            request = native_requests().get(call.action)
            for problem in problems(given(state), request) if request else ():
                if problem.kind is kind:
                    yield definition.at(state, *problem.key), f"{state.label}: {problem.text}"

    return find


def _not_kept_alive(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, call in _calls(definition, native=True):
        alive = given(state).get("Instances", "KeepJobFlowAliveWhenNoSteps")
        if call.action == "createCluster" and not alive.is_hidden and alive.value is not True:
            says = "lacks" if alive.is_missing else f"has {alive.value!r} for"
            yield definition.at(state, *alive.key), f"{state.label} {says} Instances.KeepJobFlowAliveWhenNoSteps"


def _steps_in_create(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, call in _calls(definition, native=True):
        steps = given(state).get("Steps")
        if call.action == "createCluster" and not steps.is_missing and len(steps.key) > 1:
            yield definition.at(state, *steps.key), f"{state.label} gives Steps to createCluster"


def _unknown_services(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, call in _calls(definition, native=False):
        if service(call.service) is None:
            near = get_close_matches(call.service.lower(), services(), n=1)
            meant = f"; {near[0]} is one" if near else ""
            yield definition.at(state, "Resource"), f"{state.label} calls {call.service!r}, no service known{meant}"


def _unknown_operations(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, call in _calls(definition, native=False):
        model = service(call.service)
        if model and operation(model, call.action) is None:
            known = {each.lower(): action_of(each) for each in model.operation_names}
            near = get_close_matches(call.action.lower(), known, n=1)
            meant = f"; {known[near[0]]} is" if near else ""
            yield (
                definition.at(state, "Resource"),
                f"{state.label} calls {call.action!r}, which is no action of {call.service}{meant}",
            )


def _misshapen_operations(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, call in _calls(definition, native=False):
        model = service(call.service)
        called = operation(model, call.action) if model else None
        for problem in problems(given(state), structure(called.input_shape)) if called else ():
            yield definition.at(state, *problem.key), f"{state.label}: {problem.text}"


CALL_RULES = (
    Rule(
        id="emr-action-unknown",
        severity="error",
        why="Step Functions refuses a definition that calls an action it has not, or awaits what cannot be awaited.",
        fix="Name one of the actions of the EMR integration, or call EMR's API through aws-sdk:emr.",
        link=NATIVE_PAGE,
        find=_unknown_actions,
    ),
    Rule(
        id="emr-parameter-unknown",
        severity="error",
        why="A parameter that the call does not take makes Step Functions refuse the definition, or EMR the call.",
        fix="Write the parameter as the API has it; the integration's own differences are on the page.",
        link=NATIVE_PAGE,
        find=_misshapen(Kind.UNKNOWN),
    ),
    Rule(
        id="emr-parameter-missing",
        severity="error",
        why="EMR refuses a call that lacks what it requires, often only after other states have done their work.",
        fix="Give the parameter.",
        link=NATIVE_PAGE,
        find=_misshapen(Kind.MISSING),
    ),
    Rule(
        id="emr-parameter-mistyped",
        severity="error",
        why="A value of another type than the API's is refused.",
        fix="Write a value of the type that is expected; numbers and true or false without quotation marks.",
        link=NATIVE_PAGE,
        find=_misshapen(Kind.TYPE),
    ),
    Rule(
        id="emr-value-unknown",
        severity="error",
        why="EMR refuses a value that is none of those it knows.",
        fix="Choose one of the values.",
        link=NATIVE_PAGE,
        find=_misshapen(Kind.VALUE),
    ),
    Rule(
        id="emr-keep-alive",
        severity="error",
        why="createCluster requires it to be true: without steps, the cluster would end before the first one is added.",
        fix='Set "KeepJobFlowAliveWhenNoSteps": true in Instances, and let the machine end the cluster.',
        link=NATIVE_PAGE,
        find=_not_kept_alive,
    ),
    Rule(
        id="emr-steps-in-create",
        severity="error",
        why="createCluster takes no Steps.",
        fix="Add each step in a state of its own, with addStep.sync.",
        link=NATIVE_PAGE,
        find=_steps_in_create,
    ),
    Rule(
        id="sdk-service-unknown",
        severity="warning",
        why="Step Functions knows services by the names of the AWS SDK for Java; others are refused.",
        fix="Look the name up on the page; a service that botocore does not know yet may be right all the same.",
        link=SDK_PAGE,
        find=_unknown_services,
    ),
    Rule(
        id="sdk-action-unknown",
        severity="error",
        why="A definition that calls an action which its service has not is refused.",
        fix="Name the API's action with a small first letter.",
        link=SDK_PAGE,
        find=_unknown_operations,
    ),
    Rule(
        id="sdk-arguments-wrong",
        severity="error",
        why="The call fails when it is made, perhaps hours into the execution.",
        fix="Write the parameters as the API has them, in PascalCase also where the API's are in camelCase.",
        link=SDK_PAGE,
        find=_misshapen_operations,
    ),
)
