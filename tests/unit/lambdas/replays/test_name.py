import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.replays.name import MAX_ATTEMPT, MAX_NAME, ReplayName, parse, replay_name, stem_of

# What the name of an execution may not have in it.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
_ILLEGAL = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")

LEGAL = st.text([chr(code) for code in range(33, 127) if not _ILLEGAL.search(chr(code))], min_size=1, max_size=80)
ATTEMPTS = st.integers(2, MAX_ATTEMPT)


@given(LEGAL, ATTEMPTS)
def test_a_name_is_legal_and_read_back(origin: str, attempt: int) -> None:
    name = replay_name(origin, attempt)
    assert len(name) <= MAX_NAME
    assert not _ILLEGAL.search(name)
    assert parse(name) == ReplayName(stem_of(origin), attempt)


@given(LEGAL, ATTEMPTS, LEGAL, ATTEMPTS)
def test_a_name_belongs_to_one_run_and_attempt(origin: str, attempt: int, other: str, again: int) -> None:
    assert (replay_name(origin, attempt) == replay_name(other, again)) == ((origin, attempt) == (other, again))


def test_names() -> None:
    assert replay_name("pricing-summary-0123456789abcdef0123", 2) == "pricing-summary-0123456789abcdef0123-r2"
    long = replay_name("x" * 80, MAX_ATTEMPT)
    assert len(long) == MAX_NAME
    assert long != replay_name("x" * 79, MAX_ATTEMPT)


@pytest.mark.parametrize("name", ["run", "run-r1", "run-r02", "run-r", "-r2", "run-r2x", f"{'x' * 76}-r2"])
def test_other_names_are_no_replays(name: str) -> None:
    assert parse(name) is None


@pytest.mark.parametrize("attempt", [1, MAX_ATTEMPT + 1])
def test_attempts_that_no_replay_is(attempt: int) -> None:
    with pytest.raises(ValueError, match="attempt"):
        replay_name("run", attempt)
