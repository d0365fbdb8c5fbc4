"""The names of replays: ``<first run>-r2`` for its first replay, ``-r3`` for the next."""

import hashlib
import re
from dataclasses import dataclass

# Of an execution's name.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
MAX_NAME = 80

FIRST_REPLAY = 2
"""The attempt that the first replay of a run is; the run itself is the first."""

MAX_ATTEMPT = 9_999

# All replays of a run have the same beginning, so it leaves room for the longest ending.
_MAX_STEM = MAX_NAME - len(f"-r{MAX_ATTEMPT}")
_DIGITS = 12
_NAME = re.compile(r"(?P<stem>.+)-r(?P<attempt>[1-9][0-9]{0,3})", re.DOTALL)


@dataclass(frozen=True)
class ReplayName:
    """What a replay's name tells: how the names of all replays of the same run begin, and which one it is."""

    stem: str
    attempt: int


def replay_name(origin: str, attempt: int) -> str:
    """Return the name of a replay: distinct for each run and attempt, and always the same for those.

    Parameters
    ----------
    origin
        The first run of the chain, which replays none.
    attempt
        From ``FIRST_REPLAY`` to ``MAX_ATTEMPT``.
    """
    if not FIRST_REPLAY <= attempt <= MAX_ATTEMPT:
        raise ValueError(f"attempt {attempt} of {origin}; replays are attempts {FIRST_REPLAY} to {MAX_ATTEMPT:,}")
    return f"{stem_of(origin)}-r{attempt}"


def stem_of(origin: str) -> str:
    """Return how the names of a run's replays begin: its own, or its beginning and a digest where that is too long."""
    if len(origin) <= _MAX_STEM:
        return origin
    digest = hashlib.sha256(origin.encode()).hexdigest()[:_DIGITS]
    return f"{origin[: _MAX_STEM - _DIGITS - 1]}-{digest}"


def parse(name: str) -> ReplayName | None:
    """Read a name that ``replay_name`` made; ``None`` for any other.

    A run that somebody named like a replay looks like one; only what it was started with tells them apart.
    """
    found = _NAME.fullmatch(name)
    if found is None or len(found["stem"]) > _MAX_STEM or int(found["attempt"]) < FIRST_REPLAY:
        return None
    return ReplayName(found["stem"], int(found["attempt"]))
