"""What a replay runs and what it takes over, from the ledger, the input and what lies at the outputs."""

from typing import IO, TYPE_CHECKING

from lambdas.replays.past import Replay
from lambdas.replays.proof import check_input, check_outputs
from lambdas.replays.resume import Resume, resume
from lambdas.replays.size import Sizing
from lambdas.runs.plan import KeptStep, ReplayOf
from lambdas.specs.job import Job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def resume_at(replay: Replay, job: Job, s3: "S3Client", manifest: IO[bytes], version: str, code: str) -> Resume:
    """Find out where a replay goes on.

    Parameters
    ----------
    replay, job
        What is replayed, and the job as it is today.
    s3
        The client that reads manifests and lists outputs.
    manifest, version
        Of the input as it is now.
    code
        The digest of the job's folder.

    Raises
    ------
    RejectionError
        There is nothing to do, or a step that is to be left out cannot be.
    """
    request, entry = replay.request, replay.entry
    changed = None if request.input is not None else check_input(s3, entry, manifest, version)
    names = set() if request.runs_all or changed else {step.name for step in job.steps}
    found = check_outputs(s3, [step for step in entry.steps if step.name in names])
    return resume(job, entry, found, changed, request, code)


def kept_steps(resumed: Resume) -> list[KeptStep]:
    """Return the steps that a replay takes over, as a plan holds them."""
    return [
        KeptStep(
            name=step.name,
            outputs=list(step.outputs),
            manifest=str(step.manifest),
            version=str(step.version),
            run=str(step.run),
        )
        for step in resumed.kept
    ]


def replay_of(replay: Replay, resumed: Resume) -> ReplayOf:
    """Return what a replay replays, as a plan holds it."""
    entry = replay.entry
    return ReplayOf(run=entry.run, origin=entry.root, attempt=replay.attempt, known=replay.known, why=list(resumed.why))


def replay_lines(resumed: Resume | None, sizing: Sizing) -> list[str]:
    """Return what the receipt of a replay says beyond that of other runs."""
    if resumed is None:
        return []
    of_all = len(resumed.kept) + len(resumed.run)
    lines = [f"Replay: {sizing.why}"] if sizing.why else []
    if resumed.kept:
        lines.append(
            f"Replay: {len(resumed.run)} of {of_all} steps run, {', '.join(resumed.run)}; time and cost above are of "
            "all steps, so these take less."
        )
    return lines
