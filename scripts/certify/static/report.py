"""What the analysis says about a definition."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One way a cluster may be left running, or one broken rule.

    Attributes
    ----------
    rule
        The rule's id, such as ``end-while-owning``.
    state
        Where it happens; a state inside a Parallel or Map is named ``Parallel > state``.
    message
        What is wrong, why it leaks, and what to do.
    path
        States passed, from the one that creates the cluster to the offending place; a rule that needs no path names
        the state alone.
    """

    rule: str
    state: str
    message: str
    path: tuple[str, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the finding as JSON-able data."""
        return asdict(self) | {"path": list(self.path)}


@dataclass(frozen=True)
class Exit:
    """A way out of the execution that no Catch can cover.

    Attributes
    ----------
    state
        The state that holds a cluster when it happens.
    error
        What ends the execution, such as ``aborted`` or ``States.Runtime``.
    nets
        What still ends the cluster: ``status_event``, ``sweep``, ``auto_termination``.
    why
        Why nothing catches it, and which nets apply.
    """

    state: str
    error: str
    nets: tuple[str, ...]
    why: str

    def as_document(self) -> dict[str, Any]:
        """Return the exit as JSON-able data."""
        return asdict(self) | {"nets": list(self.nets)}


@dataclass(frozen=True)
class StaticReport:
    """The verdict on one definition.

    Attributes
    ----------
    findings
        What makes the definition fail.
    warnings
        What deserves a look and does not.
    exits
        What no Catch can cover, per state that may hold a cluster.
    creates, terminates
        The states that create and that end clusters, as far as they are reached.
    """

    findings: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    exits: tuple[Exit, ...]
    creates: tuple[str, ...]
    terminates: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def as_document(self) -> dict[str, Any]:
        """Return the report as JSON-able data."""
        return {
            "passed": self.passed,
            "creates": list(self.creates),
            "terminates": list(self.terminates),
            "findings": [finding.as_document() for finding in self.findings],
            "warnings": [warning.as_document() for warning in self.warnings],
            "exits": [leaving.as_document() for leaving in self.exits],
        }
