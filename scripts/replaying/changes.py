"""What of a run's job is another today than when it ran: its folder, its machine, its input."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.specs.code import code_prefix
from lambdas.specs.errors import UnknownSpecError
from scripts.deployment import Deployment
from scripts.replaying.chains import Change

# The renderer writes a digest of the definition into it.
_DEFINITION = re.compile(r'"definition"\s*:\s*"([0-9a-f]{12})"')


@dataclass
class Changes:
    """Compares runs with what is deployed; what has been looked up is not looked up again.

    Attributes
    ----------
    deployed
        The deployment.
    input_change
        Says how the input of a run differs from what it read, ``None`` if it does not.
    """

    deployed: Deployment
    input_change: Callable[[LedgerEntry], str | None]
    _code: dict[str, str | None] = field(default_factory=dict)
    _definition: dict[str, str | None] = field(default_factory=dict)

    def since(self, entry: LedgerEntry) -> Change | None:
        """Say what has changed since a run, the job's folder and machine first; ``None`` if nothing has."""
        code = self._once(self._code, entry.job, self._code_of)
        definition = self._once(self._definition, entry.job, self._definition_of)
        found = [
            "the job's folder" if entry.code and code and entry.code != code else None,
            "its state machine" if entry.definition and definition and entry.definition != definition else None,
        ]
        changed = " and ".join(each for each in found if each)
        if changed:
            return Change(f"{changed} changed since")
        words = self.input_change(entry)
        return Change("its input changed since", words) if words else None

    @staticmethod
    def _once(known: dict[str, str | None], job: str, look: Callable[[str], str | None]) -> str | None:
        if job not in known:
            known[job] = look(job)
        return known[job]

    def _code_of(self, job: str) -> str | None:
        """Return the digest of the job's folder as it is here, if that is what is published."""
        try:
            prefix = code_prefix(job)
        except (UnknownSpecError, OSError):
            return None
        found = aws.s3().list_objects_v2(Bucket=self.deployed.code_bucket, Prefix=prefix, MaxKeys=1)
        return prefix.rstrip("/").rpartition("/")[2] if found.get("Contents") else None

    def _definition_of(self, job: str) -> str | None:
        machine = self.deployed.machines().get(job)
        try:
            text = aws.stepfunctions().describe_state_machine(stateMachineArn=machine)["definition"] if machine else ""
        except ClientError:
            # Then nothing shows that it has changed; the start says what is wrong with the machine.
            return None
        found = _DEFINITION.search(text)
        return found[1] if found else None
