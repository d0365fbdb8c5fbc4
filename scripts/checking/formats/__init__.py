"""How findings and rules are printed: for people, for programs, and for code scanning."""

from scripts.checking.formats.documents import as_document, rules_document
from scripts.checking.formats.sarif import as_sarif
from scripts.checking.formats.text import show, show_rules

__all__ = ["as_document", "as_sarif", "rules_document", "show", "show_rules"]
