"""Where a replay goes on: which steps it takes over, which it runs, and why. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lambdas.ledger.entry import LedgerEntry, LedgerStep
from lambdas.replays.errors import (
    ReplayInputChangedError,
    ReplayNothingToDoError,
    ReplayNotProvenError,
    ReplayUnknownStepError,
)
from lambdas.replays.request import ReplayRequest
from lambdas.specs.job import Job, Step
from lambdas.specs.placeholders import RUN_ID, fill_in_outputs

_OF_THE_RUN = f"<< {RUN_ID} >>"
_ASKED = "all steps were asked for"
_OTHER_INPUT = "another input was asked for"
_CHANGED = "the input has changed, and what it made of the old one is of no use"


@dataclass(frozen=True)
class OutputState:
    """What of a completed step's outputs is there; ``problem`` says in words what is not as the step left it."""

    objects: int
    problem: str | None = None


@dataclass(frozen=True)
class InputChange:
    """In words, how the input differs from what the run read."""

    words: str


@dataclass(frozen=True)
class Resume:
    """What a replay does.

    Attributes
    ----------
    kept
        The steps it takes over, in the job's order, each with the run that completed it.
    run
        The names of the steps it runs, in the job's order; at least one.
    why
        A sentence for each step, and what has changed.
    """

    kept: tuple[LedgerStep, ...]
    run: tuple[str, ...]
    why: tuple[str, ...]


def resume(
    job: Job,
    entry: LedgerEntry,
    found: Mapping[str, OutputState],
    changed: InputChange | None,
    request: ReplayRequest,
    code: str | None = None,
) -> Resume:
    """Find the first step that is not proven to be complete.

    A step is kept if it was completed, what it wrote is there unchanged, all steps that it needs are kept, and the
    machine passes over it: of steps that do not run at the same time as others, it runs each after the first it runs.

    Parameters
    ----------
    job
        As it is today.
    entry
        The run that is replayed.
    found
        Of each step that ``is_proven``, what of its outputs is there.
    changed
        How the input differs from what the run read, ``None`` if it does not.
    request
        What is asked for.
    code
        The digest of the job's code today.

    Raises
    ------
    RejectionError
        There is nothing to do, or a step that is to be left out cannot be.
    """
    _check_step(job, request, changed)
    doubts = _doubts(job, entry, found, changed, request)
    reasons = dict(_wanted(job, request) if request.from_step else doubts)
    _spread(job, reasons)
    if request.from_step and (unproven := [name for name in doubts if name not in reasons]):
        name = unproven[0]
        raise ReplayNotProvenError(
            f"the replay is to start from step {request.from_step!r} and cannot leave out {name!r}: {doubts[name]}; "
            f"leave 'from_step' out, or name {name!r}"
        )
    if not reasons:
        raise ReplayNothingToDoError(
            f"there is nothing to do: every step of {entry.run} was completed, and what they wrote is there as they "
            'left it; ask for "all_steps": true to run them all the same'
        )
    kept = tuple(
        found_step.model_copy(update={"state": "KEPT", "run": found_step.run or entry.run})
        for step in job.steps
        if step.name not in reasons and (found_step := entry.step(step.name)) is not None
    )
    sentences = [
        f"{step.name!r} runs: {reasons[step.name]}."
        if step.name in reasons
        else _kept_sentence(step.name, kept, found[step.name])
        for step in job.steps
    ]
    return Resume(
        kept,
        tuple(step.name for step in job.steps if step.name in reasons),
        (*sentences, *_changes(entry, changed, request, kept, code)),
    )


def _check_step(job: Job, request: ReplayRequest, changed: InputChange | None) -> None:
    if request.from_step is None:
        return
    names = [step.name for step in job.steps]
    if request.from_step not in names:
        raise ReplayUnknownStepError(f"{job.name!r} has no step {request.from_step!r}; it has {', '.join(names)}")
    if changed:
        raise ReplayInputChangedError(
            f"the replay is to start from step {request.from_step!r}, and what the steps before it have read is not "
            f"the input any more: {changed.words}; leave 'from_step' out, so that every step reads what is there now"
        )


def _doubts(
    job: Job,
    entry: LedgerEntry,
    found: Mapping[str, OutputState],
    changed: InputChange | None,
    request: ReplayRequest,
) -> dict[str, str]:
    """Return why steps cannot be taken over, by their names; steps that need such a step are not looked at."""
    if request.runs_all or changed:
        reason = _ASKED if request.all_steps else _OTHER_INPUT if request.input is not None else _CHANGED
        return {step.name: reason for step in job.steps}
    return {
        step.name: doubt
        for step in job.steps
        if (doubt := _doubt(entry.step(step.name), found.get(step.name), len(step.output)) or _misread(job, step))
    }


def _doubt(step: LedgerStep | None, found: OutputState | None, outputs: int) -> str | None:
    if step is None or step.state not in {"COMPLETED", "KEPT"}:
        return "it was not completed" if step is None else f"it was not completed ({step.state.lower()})"
    if not outputs:
        return "it declares no output in job.yml, so nothing proves what it wrote"
    if not step.is_proven or step.version is None or found is None:
        return "what it wrote is not on record"
    if len(step.outputs) != outputs:
        return f"job.yml gives it {outputs} outputs today, and it wrote {len(step.outputs)}"
    return found.problem


def _misread(job: Job, step: Step) -> str | None:
    """Say which step would look for a step's output where only the run that made it has written.

    An address that ends otherwise in every run is found by its text, since only ``<< output >>`` follows a step that is
    taken over.
    """
    outputs = [address for address in map(_address, step.output) if _OF_THE_RUN in address]
    for reader in job.steps:
        for address in filter(None, map(_address, reader.args if reader != step else ())):
            if _OF_THE_RUN in address and any(address.startswith(out) or out.startswith(address) for out in outputs):
                return (
                    f"{reader.name!r} names its output by the address {address}, which is another in every run; with "
                    f"<< output.{step.name} >> it could be kept"
                )
    return None


def _address(text: str) -> str:
    """Return the folder that stands in an argument, its placeholders written one way."""
    _, scheme, address = fill_in_outputs(text, {}).partition("s3://")
    return f"{scheme}{address.rstrip('/')}/" if scheme else ""


def _wanted(job: Job, request: ReplayRequest) -> dict[str, str]:
    """Return the step to start from and those that need it."""
    first = str(request.from_step)
    after = {step.name: f"it needs {first!r}" for step in job.steps if first in job.needs_of(step.name)}
    return {first: "the replay is to start from it", **after}


def _spread(job: Job, reasons: dict[str, str]) -> None:
    """Add the steps that cannot be passed over, because they need one that runs or because the machine cannot."""
    first: str | None = None
    for wave in job.waves:
        for step in wave:
            needed = next((name for name in _in_order(job, job.needs_of(step.name)) if name in reasons), None)
            if step.name in reasons:
                continue
            if needed:
                reasons[step.name] = f"it needs {needed!r}, which runs again"
            elif first and len(wave) == 1:
                reasons[step.name] = f"it comes after {first!r}, which runs again"
        first = first or next((step.name for step in wave if step.name in reasons), None)


def _in_order(job: Job, names: Collection[str]) -> list[str]:
    return [step.name for step in job.steps if step.name in names]


def _kept_sentence(name: str, kept: tuple[LedgerStep, ...], found: OutputState) -> str:
    run = next(step.run for step in kept if step.name == name)
    what = "the object it wrote is" if found.objects == 1 else f"the {found.objects:,} objects it wrote are"
    return f"{name!r} is kept: {run} completed it, and {what} there unchanged."


def _changes(
    entry: LedgerEntry,
    changed: InputChange | None,
    request: ReplayRequest,
    kept: tuple[LedgerStep, ...],
    code: str | None,
) -> list[str]:
    sentences = [f"The input has changed: {changed.words}."] if changed and request.input is None else []
    if entry.code and code and entry.code != code:
        also = f", and {_names(kept)} ran the old" if kept else ""
        sentences.append(f"The job's folder has changed since {entry.run}: the steps that run have the new code{also}.")
    return sentences


def _names(steps: tuple[LedgerStep, ...]) -> str:
    return " and ".join(filter(None, (", ".join(repr(step.name) for step in steps[:-1]), repr(steps[-1].name))))
