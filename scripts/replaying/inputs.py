"""Whether what a run read lies there as it did; for many runs at a time, without planning each of them."""

import json
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.inputs.errors import RejectionError
from lambdas.inputs.frozen import open_manifest
from lambdas.inputs.measure import measure_input
from lambdas.ledger.entry import LedgerEntry
from lambdas.replays.past import Ledger
from lambdas.replays.proof import check_input
from lambdas.replays.request import ReplayRequest
from lambdas.runs.asked import asked_input
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.load import load_job
from scripts.replaying.stage import Stage

# How the names of rejections begin that another input answers.
_ABOUT_INPUT = ("Input", "Manifest")

# Also that the input is still not there, or may still not be read.
_UNKNOWN = (RejectionError, SpecError, UnknownSpecError, ClientError)


@dataclass
class Inputs:
    """The inputs of a deployment's runs; each is looked at once for all runs that read the same."""

    stage: Stage
    _known: dict[tuple[str, str, str | None], str | None] = field(default_factory=dict)

    def change(self, entry: LedgerEntry) -> str | None:
        """Say how the input of a run differs from what it read; ``None`` if it does not, or if nobody can tell."""
        try:
            ledger = Ledger(aws.dynamodb(), self.stage.run_table, entry.job)
            document = ledger.document(entry, ReplayRequest(entry.run))
            key = entry.job, json.dumps(document, sort_keys=True), entry.version
            if key not in self._known:
                self._known[key] = self._look(entry, document)
            return self._known[key]
        except _UNKNOWN:
            return None

    def _look(self, entry: LedgerEntry, document: object) -> str | None:
        try:
            bucket = self.stage.deployed.data_bucket
            request = asked_input(document, load_job(entry.job), bucket, is_again=True)
            with open_manifest() as manifest:
                _, measured = measure_input(aws.s3(), request, manifest)
                if entry.version is None:
                    return "it can be read now" if (entry.error or "").startswith(_ABOUT_INPUT) else None
                changed = check_input(aws.s3(), entry, manifest, measured.version)
        except _UNKNOWN:
            return None
        return changed.words if changed else None
