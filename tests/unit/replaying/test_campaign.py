"""A bulk replay that is killed, gone on with, watched, paid for; by one and by two."""

import contextlib
import datetime
import itertools
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from lambdas.ledger.store import write_entry
from scripts.deployment import Deployment
from scripts.replaying.campaign import KEPT, Campaign, CampaignError, Journal, Member
from scripts.replaying.drive import Driver, Outcome, stopped_by_ctrl_c
from scripts.replaying.running import Running
from scripts.replaying.starting import Starter
from tests.unit.replaying.conftest import TABLE, Killed, StepFunctions, at_call, die
from tests.unit.replaying.support import JOB, NOW

DEPLOYED = Deployment("dev", {"PricingSummaryStateMachine": "arn:aws:states:us-east-1:1:stateMachine:pricing-summary"})


def members(count: int, usd: float | None = 1.0) -> list[Member]:
    return [Member(number, JOB, f"run{number}", f"run{number}-r2", usd) for number in range(count)]


class Bench:
    """A journal, and drivers on it as separate processes would have them."""

    def __init__(self, dynamodb: Any, sfn: StepFunctions) -> None:
        self.dynamodb, self.sfn = dynamodb, sfn
        self.journal = Journal(dynamodb, TABLE)
        self.told: list[Member] = []

    def driver(self) -> Driver:
        starter = Starter(self.sfn, DEPLOYED)  # type: ignore[arg-type]
        running = Running(self.dynamodb, TABLE, starter.is_over)
        return Driver(self.journal, starter.start, running, self.told.append, poll_seconds=0)

    def drive(self, campaign: Campaign, stopping: threading.Event | None = None) -> Outcome:
        return self.driver().drive(campaign, stopping or threading.Event())

    def resume(self, **limits: Any) -> Outcome:
        return self.drive(replace(self.journal.read(None, NOW), **limits))

    def is_known(self, created: datetime.datetime) -> bool:
        with contextlib.suppress(CampaignError):
            return self.journal.read(None, NOW).created == created
        return False

    def drives_meanwhile(self, one: Campaign, other: Campaign, number: int) -> bool:
        """Drive one, and after so many calls of it the other to its end; false if one has ended before."""
        has_come = False

        def come() -> None:
            nonlocal has_come
            has_come = True
            self.drive(self.journal.read(other.id, NOW))

        undo = at_call(number, self.dynamodb, self.sfn, come)
        self.drive(one)
        undo()
        return has_come

    def spent(self, campaign: Campaign) -> float:
        key = {"job": {"S": "#campaigns"}, "run": {"S": f"campaign#{campaign.id}"}}
        return float(self.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]["spent"]["N"])


@pytest.fixture
def bench(dynamodb: Any, sfn: StepFunctions) -> Bench:
    return Bench(dynamodb, sfn)


def test_each_run_is_started_once_and_the_journal_says_so(bench: Bench) -> None:
    made = bench.journal.create(members(3), NOW)
    outcome = bench.drive(made)
    assert (outcome.stopped, outcome.left) == ("done", [])
    assert bench.sfn.replayed() == ["run0", "run1", "run2"]
    read = bench.journal.read(made.id, NOW)
    assert [each.state for each in read.members] == ["STARTED"] * 3
    assert bench.spent(made) == 3
    assert bench.drive(read).left == []
    assert len(bench.told) == 3


@pytest.mark.parametrize("ends_meanwhile", [False, True], ids=["still-running", "ended"])
def test_killed_after_any_call_and_resumed_no_run_is_lost_or_started_twice(bench: Bench, ends_meanwhile: bool) -> None:
    for number in itertools.count(1):
        now = NOW + datetime.timedelta(seconds=number)
        bench.sfn.inputs.clear()
        undo = at_call(number, bench.dynamodb, bench.sfn, die)
        try:
            bench.drive(bench.journal.create(members(2), now))
            break
        except Killed:
            undo()
        if ends_meanwhile:
            bench.sfn.over |= set(bench.sfn.inputs)
        if not bench.is_known(now):
            assert not bench.sfn.inputs
            continue
        # The tool is killed again on its way, and gone on with again.
        undo = at_call(3, bench.dynamodb, bench.sfn, die)
        with contextlib.suppress(Killed):
            bench.resume()
        undo()
        assert bench.resume().left == []
        assert bench.sfn.replayed() == ["run0", "run1"]
        assert bench.spent(bench.journal.read(None, NOW)) == 2
    undo()
    assert number > 7


def test_two_replay_the_same_runs_at_once_and_each_is_started_once(bench: Bench) -> None:
    for number in itertools.count(1):
        bench.sfn.inputs.clear()
        one, other = (bench.journal.create(members(2), NOW) for _ in range(2))
        if not bench.drives_meanwhile(one, other, number):
            break
        assert bench.sfn.replayed() == ["run0", "run1"]
        for each in (one, other):
            assert not any(member.is_open for member in bench.journal.read(each.id, NOW).members)
    assert number > 5


def test_two_go_on_with_one_campaign_and_do_not_pass_its_budget(bench: Bench) -> None:
    for number in itertools.count(1):
        bench.sfn.inputs.clear()
        made = bench.journal.create(members(3), NOW, max_usd=2)
        if not bench.drives_meanwhile(made, made, number):
            break
        assert bench.sfn.replayed() == ["run0", "run1"]
        assert bench.spent(made) == 2
    assert number > 5


def test_a_budget_stops_before_it_is_passed_and_more_money_goes_on(bench: Bench) -> None:
    made = bench.journal.create(members(3, usd=0.1), NOW, max_usd=0.2)
    outcome = bench.drive(made)
    assert (outcome.stopped, [each.run for each in outcome.left]) == ("budget", ["run2"])
    assert bench.resume().stopped == "budget"
    assert bench.resume(max_usd=0.3).left == []
    assert len(bench.sfn.inputs) == 3


def test_one_of_unknown_price_does_not_start_within_a_budget(bench: Bench) -> None:
    made = bench.journal.create(members(1, usd=None), NOW)
    assert bench.resume(max_usd=100.0).stopped == "budget"
    assert bench.drive(made).left == []


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("StateMachineDoesNotExist", "does not exist any more; deploy the stage again"),
        ("AccessDeniedException", "not permitted (so it is)"),
        ("ThrottlingException", "calls too often"),
        ("OtherException", "OtherException"),
    ],
)
def test_one_that_is_refused_leaves_the_others_and_is_tried_again(bench: Bench, code: str, word: str) -> None:
    bench.sfn.refuse["run1-r2"] = code
    made = bench.journal.create(members(3), NOW, max_usd=3)
    outcome = bench.drive(made)
    assert bench.sfn.replayed() == ["run0", "run2"]
    (refused,) = outcome.refused
    assert refused.run == "run1"
    assert word in str(refused.why)
    assert bench.spent(made) == 2
    bench.sfn.refuse.clear()
    assert bench.resume().left == []
    assert bench.spent(made) == 3


def test_a_job_that_is_not_deployed_any_more_is_said(bench: Bench) -> None:
    gone = Member(0, "gone", "run0", "run0-r2", 1.0)
    outcome = bench.drive(bench.journal.create([gone, *members(2)[1:]], NOW))
    assert "no job 'gone'" in str(outcome.refused[0].why)
    assert bench.sfn.replayed() == ["run1"]


def test_no_more_run_at_a_time_than_allowed(bench: Bench) -> None:
    most = 0
    ended = itertools.count()
    driver = bench.driver()

    def going() -> list[str]:
        return [name for name in bench.sfn.inputs if name not in bench.sfn.over]

    def look(started: Sequence[Member]) -> int:
        nonlocal most
        most = max(most, len(going()))
        found = count(started)
        # Every other look one of them ends, and its entry says so.
        if found >= 2 and next(ended) % 2:
            name = going()[0]
            bench.sfn.over.add(name)
            write_entry(bench.dynamodb, TABLE, JOB, name, {"status": "FAILED"})
        return found

    count = driver.running.count
    driver.running.count = look  # type: ignore[method-assign]
    outcome = driver.drive(bench.journal.create(members(5), NOW, max_parallel=2), threading.Event())
    assert outcome.left == []
    assert most == 2


def test_a_run_whose_entry_stays_open_is_asked_for_now_and_then(bench: Bench) -> None:
    bench.sfn.inputs["run0-r2"] = "{}"
    bench.sfn.over.add("run0-r2")
    write_entry(bench.dynamodb, TABLE, JOB, "run0-r2", {"status": "RUNNING"})
    running = bench.driver().running
    counts = [running.count(members(2)) for _ in range(20)]
    assert counts == [2] * 19 + [1]


def test_stopped_by_hand_it_finishes_the_call_at_hand(bench: Bench) -> None:
    stopping = threading.Event()
    bench.sfn.after_call = stopping.set
    outcome = bench.drive(bench.journal.create(members(3), NOW), stopping)
    assert (outcome.stopped, len(outcome.left)) == ("asked", 2)
    assert bench.resume().left == []
    assert len(bench.sfn.inputs) == 3


@pytest.fixture
def heard() -> Iterator[None]:
    """Let Ctrl-C be heard, which what runs in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_ctrl_c_is_heard_once_and_then_is_as_ever() -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with stopped_by_ctrl_c(said.append) as stopping:
        signal.raise_signal(signal.SIGINT)
        assert stopping.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert len(said) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_what_there_is_not_or_is_too_old_cannot_be_gone_on_with(bench: Bench) -> None:
    with pytest.raises(CampaignError, match="no bulk replay to go on with"):
        bench.journal.read(None, NOW)
    made = bench.journal.create(members(1), NOW)
    with pytest.raises(CampaignError, match="there is no bulk replay 2026"):
        bench.journal.read(made.id[:-2], NOW)
    with pytest.raises(CampaignError, match="begin a new one"):
        bench.journal.read(made.id, NOW + KEPT + datetime.timedelta(days=1))


def test_the_newest_is_the_one_to_go_on_with(bench: Bench) -> None:
    bench.journal.create(members(1), NOW)
    later = bench.journal.create(members(2), NOW + datetime.timedelta(minutes=1), max_parallel=3, max_usd=2.5)
    found = bench.journal.read(None, NOW)
    assert (found.id, found.max_parallel, found.max_usd) == (later.id, 3, 2.5)
    assert list(found.members) == members(2)
