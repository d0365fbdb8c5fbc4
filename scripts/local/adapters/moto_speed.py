"""Spare what moto does anew on every run, and what takes longer than most runs: parsing, clients, a signing key."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from antlr4 import CommonTokenStream, InputStream  # type: ignore[import-untyped]
from botocore.useragent import UserAgentString
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core.responses import ActionResult
from moto.sns.models import Subscription
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.flow.end import End
from moto.stepfunctions.parser.asl.component.common.flow.next import Next
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.component import Component
from moto.stepfunctions.parser.asl.component.state import state_props
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_sns,
)
from moto.stepfunctions.parser.asl.component.state.state_props import StateProps
from moto.stepfunctions.parser.asl.eval import states
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from lambdas.inputs.measure import Measurement
from lambdas.runs import planning
from lambdas.sizing import weigh_sizes
from lambdas.specs import load
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.document import Document, read_document
from scripts.local.adapters.moto_hooks import Hook
from scripts.local.emr.copied import copied

_REMEMBERED = 8
_DATA = frozenset({"input", "output", "parameters", "assignedVariables"})
_add_end_or_next = StateProps.add
_validate = functools.lru_cache(_REMEMBERED)(StepFunctionsParserBackend._validate_definition)


def speed_hooks() -> Iterator[Hook]:
    """Yield what to replace."""
    yield asl_parser.AmazonStateLanguageParser, "parse", staticmethod(_parse)
    yield StepFunctionsParserBackend, "_validate_definition", staticmethod(_validate)
    yield Component, "__str__", object.__repr__  # every Parallel and Catch is put into words that nobody reads
    yield result_path, "parse", functools.lru_cache(_REMEMBERED)(result_path.parse)
    yield UserAgentString, "to_string", lambda _parts: "slow-lambda"
    yield state_task_service_sns, "boto_client_for", _client_for
    yield StepFunctionResponse, "get_execution_history", _history
    yield EventManager, "get_event_history", lambda events: list(events._history_event_list)
    yield Subscription, "private_key", lambda _subscription: _key()
    yield StateProps, "add", _add
    yield states, "copy", _Copy
    yield result_path, "copy", _Copy
    yield state_task_service, "copy", _Copy
    yield planning, "weigh_sizes", _weigh
    yield load, "read_document", lambda path, root: _document(path, root, path.stat().st_mtime_ns)


def _add(props: StateProps, instance: Any) -> None:
    """Add a property to a state, but look once only for the class under which it may not be there twice."""
    if isinstance(instance, End | Next):
        _add_end_or_next(props, instance)
    else:
        props._add(_unique_class(instance.__class__), instance)


@functools.cache
def _unique_class(kind: Any) -> Any:
    return next((each for each in state_props.UNIQUE_SUBINSTANCES if issubclass(kind, each)), kind)


def _history(self: Any) -> ActionResult:
    """Answer GetExecutionHistory, without the data where they are not asked for."""
    answer = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))
    if self._get_param("includeExecutionData", True):
        return ActionResult(answer)
    return ActionResult({"events": list(map(_without_data, answer["events"]))})


def _without_data(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {key: each for key, each in value.items() if key not in _DATA} if isinstance(value, dict) else value
        for name, value in event.items()
    }


class _Copy:
    """In place of the module ``copy``, where all that is copied came out of JSON."""

    deepcopy = staticmethod(copied)


def _parse(definition: str) -> tuple[Any, Any]:
    tree = _tree(definition)
    return asl_parser.Preprocessor().visit(tree), tree


@functools.lru_cache(_REMEMBERED)
def _tree(definition: str) -> Any:
    listener = asl_parser.SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.state_machine()
    if listener.errors:
        raise asl_parser.ASLParserException(errors=listener.errors)
    _keep_texts(tree)
    return tree


def _keep_texts(tree: Any) -> str:
    """Let every node of a tree remember its text, which it would put together from its leaves whenever it is asked."""
    text = "".join(map(_keep_texts, tree.getChildren())) if tree.getChildCount() else str(tree.getText())
    tree.getText = lambda: text
    return text


def _client_for(service: str, region: str, **_unused: Any) -> Any:
    return _client(service, region)


@functools.cache
def _client(service: str, region: str) -> Any:
    return boto_client_for(region, service)


def _weigh(measured: Measurement, *arguments: Any) -> Any:
    """Weigh the sizes of a run; the same input gives the same answer, run after run, whenever it was written."""
    return _weighed(tuple(map(_Repr, (replace(measured, newest=None), *arguments))))


@functools.lru_cache(_REMEMBERED)
def _weighed(arguments: "tuple[_Repr, ...]") -> Any:
    return weigh_sizes(*(each.value for each in arguments))


class _Repr:
    """A value that equals others that read the same; a catalogue is known by itself."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._text = f"catalogue {id(value)}" if isinstance(value, Catalogue) else repr(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Repr) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@functools.lru_cache(_REMEMBERED)
def _document(path: Path, root: Path, _changed_ns: int) -> Document:
    return read_document(path, root)


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
