"""Why a run has its size, in full: what the receipt says in a few lines, as a plan and a record hold it."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from lambdas.sizing.alternatives import Alternative
from lambdas.sizing.asked import Asked
from lambdas.sizing.decide import Decision
from lambdas.sizing.expect import Known

# A plan has limited room.
MAX_RUNS_NAMED = 20

_DIGITS = 4


class ReasonsPart(BaseModel):
    """The base of the reasons' parts: immutable, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OtherSize(ReasonsPart):
    """A size that was not chosen; ``kept`` is the probability with which it keeps deadline and budget."""

    instance_type: str
    workers: int
    minutes: float
    minutes_interval: tuple[float, float]
    usd: float
    usd_interval: tuple[float, float]
    kept: float
    why_not: str


class Reasons(ReasonsPart):
    """Why a run has its size.

    Attributes
    ----------
    job_class, deadline_seconds, budget_usd, confidence
        What the job asks for.
    runs, run_count
        The newest past runs of the job that count, by name, and how many there are.
    runs_of_others
        How many runs are of other jobs of its class.
    left_out
        How many runs do not count, by reason.
    last_error
        By how much the last run took longer than predicted, as a fraction.
    tasks, max_tasks, spill_bytes
        Parts of the input, how many of them are of use at the same time, and what the disks have room for.
    considered
        How many sizes there were.
    fits, kept
        Whether the limits are kept with the asked-for confidence, and with which probability.
    """

    job_class: str | None
    deadline_seconds: float | None
    budget_usd: float | None
    confidence: float
    runs: list[str]
    run_count: int
    runs_of_others: int
    left_out: dict[str, int]
    last_error: float | None
    tasks: int
    max_tasks: float
    spill_bytes: int
    considered: int
    fits: bool
    kept: float
    alternatives: list[OtherSize]
    warnings: list[str]


def reasons_of(asked: Asked, known: Known, decision: Decision, warnings: Sequence[str]) -> Reasons:
    """Return the reasons of a decision."""
    return Reasons(
        job_class=asked.job_class,
        deadline_seconds=asked.goal.deadline_seconds,
        budget_usd=asked.goal.budget_usd,
        confidence=asked.goal.confidence,
        runs=list(known.names[:MAX_RUNS_NAMED]),
        run_count=len(known.names),
        runs_of_others=known.others,
        left_out=known.left_out,
        last_error=known.last_error if known.last_error is None else round(known.last_error, _DIGITS),
        tasks=decision.need.tasks,
        max_tasks=round(decision.need.max_tasks, _DIGITS),
        spill_bytes=decision.need.spill_bytes,
        considered=decision.considered,
        fits=decision.fits,
        kept=round(decision.kept, _DIGITS),
        alternatives=[_other_size(other) for other in decision.alternatives],
        warnings=list(warnings),
    )


def _other_size(other: Alternative) -> OtherSize:
    minutes, usd = other.estimate.minutes, other.estimate.usd
    return OtherSize(
        instance_type=other.shape.instance_type.type,
        workers=other.shape.workers,
        minutes=round(minutes.median, 1),
        minutes_interval=(round(minutes.low, 1), round(minutes.high, 1)),
        usd=round(usd.median, _DIGITS),
        usd_interval=(round(usd.low, _DIGITS), round(usd.high, _DIGITS)),
        kept=round(other.kept, _DIGITS),
        why_not=other.why_not,
    )
