"""The static half of the certificate: what the graph of a definition proves about the clusters it creates."""

from scripts.certify.static.certify import DEFAULT_TERMINATES, certify_definition
from scripts.certify.static.document import DefinitionError, load_definition
from scripts.certify.static.report import Exit, Finding, StaticReport

__all__ = [
    "DEFAULT_TERMINATES",
    "DefinitionError",
    "Exit",
    "Finding",
    "StaticReport",
    "certify_definition",
    "load_definition",
]
