"""Which run somebody means: by name, by the beginning of it, by ARN, or the last one."""

import itertools
from collections.abc import Sequence

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from scripts.deployment import Deployment
from scripts.ledger.errors import RunAmbiguousError, RunUnknownError
from scripts.ledger.executions import KEPT_DAYS
from scripts.ledger.read import Found, Runs, Wanted
from scripts.ledger.times import clock_time
from scripts.replaying.limits import paced

_LAST = {"@last": Wanted(), "@last-failed": Wanted(statuses=("FAILED", "TIMED_OUT", "ABORTED"))}

# Of the runs that a text could mean, how many are listed.
_SHOWN = 10


def find_entry(deployed: Deployment, text: str, job: str | None = None) -> LedgerEntry:
    """Return the run that a text means, as ``find`` does, without what is wrong with its entry."""
    return find(deployed, text, job).entry


def find(deployed: Deployment, text: str, job: str | None = None) -> Found:
    """Return the run that a text means.

    Parameters
    ----------
    deployed
        Where to look: in the ledger, and among the executions of its state machines.
    text
        The run's name, or what only its name begins with; the execution's ARN; ``@last`` or ``@last-failed``.
    job
        Whose runs are meant; of all deployed jobs if ``None``. One that is not deployed any more is looked for in the
        ledger.

    Returns
    -------
    Found
        With all that is known of it.

    Raises
    ------
    RunUnknownError
        There is none.
    RunAmbiguousError
        Several could be meant.
    EntryTornError
        Its entry cannot be read, and Step Functions does not know it either.
    """
    runs = Runs(deployed)
    jobs = [job] if job else list(runs.machines)
    with paced(aws.stepfunctions()):
        if text.startswith("@"):
            candidates = _last(runs, jobs, text)
        elif text.startswith("arn:"):
            candidates = _by_arn(runs, jobs, text)
        else:
            candidates = _exactly(runs, jobs, text) or _beginning_with(runs, jobs, text)
    if len(candidates) > 1:
        raise RunAmbiguousError(_ambiguous(text, candidates))
    if not candidates:
        raise RunUnknownError(_unknown(deployed, text, jobs))
    return candidates[0]


def _last(runs: Runs, jobs: Sequence[str], text: str) -> list[Found]:
    if text not in _LAST:
        raise RunUnknownError(f"there is no {text}; there are {' and '.join(_LAST)}")
    return _in_full(runs, list(itertools.islice(runs.newest_first(jobs, _LAST[text]), 1)))


def _by_arn(runs: Runs, jobs: Sequence[str], arn: str) -> list[Found]:
    machine, _, run = arn.replace(":execution:", ":stateMachine:", 1).rpartition(":")
    return _exactly(runs, [job for job in jobs if runs.machines.get(job) == machine], run)


def _exactly(runs: Runs, jobs: Sequence[str], run: str) -> list[Found]:
    return [found for job in jobs if (found := runs.exactly(job, run))]


def _beginning_with(runs: Runs, jobs: Sequence[str], text: str) -> list[Found]:
    return _in_full(runs, [found for found in runs.newest_first(jobs) if found.entry.run.startswith(text)])


def _in_full(runs: Runs, listed: list[Found]) -> list[Found]:
    """Look up all there is of the only run of a list: of an execution, a list shows little."""
    if len(listed) != 1 or not listed[0].flaw:
        return listed
    return [runs.exactly(listed[0].entry.job, listed[0].entry.run) or listed[0]]


def _ambiguous(text: str, candidates: Sequence[Found]) -> str:
    lines = [
        f"  {entry.run}: {entry.job}, {entry.status}, started {clock_time(entry.started)}"
        for entry in (found.entry for found in candidates[:_SHOWN])
    ]
    more = [f"  and {len(candidates) - _SHOWN} more"] if len(candidates) > _SHOWN else []
    same = len({found.entry.run for found in candidates}) == 1
    todo = "say --job" if same else "write more of the name"
    return "\n".join([f"{text!r} could be any of {len(candidates)} runs; {todo}:", *lines, *more])


def _unknown(deployed: Deployment, text: str, jobs: Sequence[str]) -> str:
    return (
        f"no run {text!r} of stage {deployed.stage}; looked in the ledger and among the executions of: "
        f"{', '.join(jobs) or 'none'}. Step Functions forgets an execution {KEPT_DAYS} days after its end. "
        "'slow-lambda runs' lists the runs there are; name a job that is not deployed any more with --job"
    )
