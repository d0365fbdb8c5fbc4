"""All that is known of a run: its entry, its record, and its plan and states where it has no record."""

from dataclasses import dataclass, field
from typing import Any

from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.states import states_of
from scripts.ledger.executions import execution_events
from scripts.ledger.read import Found
from scripts.ledger.record import record_of


@dataclass(frozen=True)
class Details:
    """What is known of a run.

    Attributes
    ----------
    record
        What ``record_run`` wrote; ``None`` if it has not, or if that is gone.
    states
        The states of the machine with their times, as JSON.
    replay
        The command that would run it again; ``None`` for a run that goes on.
    problems
        Sentences about what could not be read.
    """

    found: Found
    record: dict[str, Any] | None
    states: list[dict[str, Any]]
    replay: str | None
    problems: list[str] = field(default_factory=list)

    @property
    def plan(self) -> dict[str, Any] | None:
        """The plan of the last attempt."""
        return (self.record or {}).get("plan")

    @property
    def receipt(self) -> list[str]:
        """Why the last attempt had its size."""
        return list((self.plan or {}).get("receipt", []))


def details_of(found: Found, stage: str) -> Details:
    """Read what is known of a run.

    Parameters
    ----------
    found
        The run.
    stage
        Its deployment.
    """
    problems: list[str] = []
    record = record_of(found.entry, problems)
    states = (record or {}).get("states") or [
        state.model_dump(mode="json") for state in states_of(execution_events(found.entry.execution))
    ]
    return Details(found, record, states, replay_command(found.entry, stage), problems)


def replay_command(entry: LedgerEntry, stage: str) -> str | None:
    """Return the command that runs a run again; ``None`` while it goes on."""
    if entry.status == "RUNNING":
        return None
    all_steps = ["--all-steps"] if entry.status == "SUCCEEDED" else []
    other = ["--stage", stage] if stage != "dev" else []
    return " ".join(["slow-lambda replay", entry.run, *all_steps, *other])
