"""A step as EMR has it, beside what the ledger has of it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.documents import part, text
from lambdas.inputs.errors import InputTooManyError
from lambdas.ledger.entry import COMPLETED, KEPT, PENDING, LedgerStep
from lambdas.ledger.outputs import OutputMissingError, freeze_outputs, outputs_manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What it takes a person to change; the rest may go well the next time.
_LASTING = frozenset({"NoSuchBucket", "404", "AccessDenied", "AllAccessDisabled", "403"})


def with_run(known: LedgerStep, cluster_id: str, step: Mapping[str, Any]) -> LedgerStep:
    """Return what is known of a step with how EMR has run it.

    Parameters
    ----------
    known
        The step in the ledger, or as it was planned.
    cluster_id, step
        The cluster, and the step as DescribeStep or ListSteps shows it.
    """
    status = part(step, "Status")
    timeline = part(status, "Timeline")
    run = {
        "state": text(status, "State"),
        "cluster_id": cluster_id,
        "step_id": text(step, "Id"),
        "started": timeline.get("StartDateTime"),
        "ended": timeline.get("EndDateTime"),
    }
    return LedgerStep.model_validate({"name": known.name, "number": known.number, "outputs": known.outputs, **run})


def supersedes(found: LedgerStep, known: LedgerStep) -> bool:
    """Whether what was found of a step says more than what is known.

    Events come late and twice, and each attempt runs a step on another cluster: the last attempt counts, and what has
    once been completed stays so.
    """
    if known.state == KEPT:
        return False
    if known.state == COMPLETED:
        return found.step_id == known.step_id and found.state == COMPLETED and not known.is_proven
    if known.state == PENDING or found.state == COMPLETED or found.step_id == known.step_id:
        return True
    before, after = known.ended or known.started, found.ended or found.started
    return before is None or (after is not None and after > before)


def merged(known: Iterable[LedgerStep], found: Iterable[LedgerStep]) -> list[LedgerStep]:
    """Return the steps of which something was found that supersedes what is known, each with the last of that."""
    steps = {step.name: step for step in known}
    changed: dict[str, LedgerStep] = {}
    for step in found:
        if step.name in steps and supersedes(step, steps[step.name]):
            steps[step.name] = changed[step.name] = step
    return list(changed.values())


def proven(s3: "S3Client", log_bucket: str, job: str, run: str, step: LedgerStep) -> tuple[LedgerStep, str | None]:
    """Return a step that was completed with the proof of it: the manifest of its outputs, which is written here.

    A step without outputs, or whose outputs cannot be read or listed, stays unproven, so that a replay runs it again.

    Parameters
    ----------
    s3
        The client; it should allow ``listing.WORKERS`` connections.
    log_bucket, job, run
        Where the manifest goes.

    Returns
    -------
    LedgerStep, and str or None
        The step, and why what it wrote could not be proven, if it wrote something.

    Raises
    ------
    ClientError
        What may go well the next time.
    """
    if step.state != COMPLETED or step.is_proven:
        return step, None
    done = step.model_copy(update={"run": run})
    if not step.outputs:
        return done, None
    manifest = outputs_manifest(log_bucket, job, run, step.name)
    try:
        written = freeze_outputs(s3, step.outputs, manifest)
    except (OutputMissingError, InputTooManyError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] not in _LASTING:
            raise
        return done, str(error)
    found = {"version": written.version, "objects": written.objects, "bytes": written.bytes}
    return done.model_copy(update={"manifest": manifest, **found}), None
