"""Spare what moto does anew on every run, and what takes longer than most runs: parsing, clients, a signing key."""

import functools
from collections.abc import Iterator
from typing import Any

from antlr4 import CommonTokenStream, InputStream  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.sns.models import Subscription
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_sns
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from scripts.local.adapters.moto_hooks import Hook

_REMEMBERED = 8


def speed_hooks() -> Iterator[Hook]:
    """Yield what to replace."""
    yield asl_parser.AmazonStateLanguageParser, "parse", staticmethod(_parse)
    yield state_task_service_sns, "boto_client_for", _client_for
    yield Subscription, "private_key", lambda _subscription: _key()


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
    return tree


def _client_for(service: str, region: str, **_unused: Any) -> Any:
    return _client(service, region)


@functools.cache
def _client(service: str, region: str) -> Any:
    return boto_client_for(region, service)


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
