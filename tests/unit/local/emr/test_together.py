"""Threads that work together on a virtual clock: one is awake at a time, and the same works take the same course."""

import contextvars
import functools
import threading
import time
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local.emr.clock import VirtualClock

GIVE_UP_SECONDS = 10.0

Seen = list[tuple[str, float]]
seconds = st.integers(0, 5).map(float)


def within_time(act: Callable[[], None]) -> None:
    """Run what could hang."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(GIVE_UP_SECONDS)
    assert not thread.is_alive(), "nobody moves the clock"
    if errors:
        raise errors[0]


def elsewhere(act: Callable[[], None]) -> None:
    """Run a part of a work on another thread, as an interpreter does with each of its states."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(act,))
    thread.start()
    thread.join()


def sleeper(clock: VirtualClock, name: str, pauses: list[float], seen: Seen) -> Callable[[], None]:
    def work() -> None:
        for number, pause in enumerate(pauses):
            rest = functools.partial(clock.sleep, pause)
            elsewhere(rest) if number % 2 else rest()
            seen.append((name, clock.now()))

    return work


def expected(works: list[list[float]], callbacks: list[float]) -> Seen:
    """Return the course by another way: a list of what is to come, sorted again after every entry."""
    # Callbacks come first within a moment; they were scheduled before anybody slept.
    coming = [(when, -1, "callback", -1) for when in callbacks]
    coming += [(0.0, index, str(index), 0) for index in range(len(works))]
    arrivals, seen = len(works), []
    while coming:
        when, _, name, done = moment = min(coming)
        coming.remove(moment)
        if done:
            seen.append((name, when))
        if name != "callback" and done < len(works[int(name)]):
            coming.append((when + works[int(name)][done], arrivals, name, done + 1))
            arrivals += 1
    return seen


@given(st.lists(st.lists(seconds, max_size=5), min_size=1, max_size=4), st.lists(seconds, max_size=4))
def test_everybody_wakes_exactly_at_his_time_in_the_order_of_targets_and_then_of_arrival(
    works: list[list[float]], callbacks: list[float]
) -> None:
    clock, seen = VirtualClock(0.0), Seen()
    latest = max([sum(pauses) for pauses in works])
    for when in callbacks:
        clock.call_at(when, lambda: seen.append(("callback", clock.now())))
    within_time(
        lambda: clock.together(
            *(sleeper(clock, str(index), pauses, seen) for index, pauses in enumerate(works)),
        )
    )
    assert seen == expected(works, [when for when in callbacks if when <= latest])
    assert clock.now() == latest


@given(st.lists(st.lists(seconds, max_size=4), max_size=3), st.lists(seconds, max_size=4))
def test_a_work_that_has_others_work_together_goes_on_when_they_end(
    inner: list[list[float]], pauses: list[float]
) -> None:
    clock, seen = VirtualClock(0.0), Seen()
    after: list[float] = []

    def outer() -> None:
        clock.sleep(1)
        elsewhere(lambda: clock.together(*(sleeper(clock, "inner", each, seen) for each in inner)))
        after.append(clock.now())

    within_time(lambda: clock.together(outer, sleeper(clock, "other", pauses, seen)))
    assert after == [1 + max([sum(each) for each in inner], default=0)]
    assert [when for _, when in seen] == sorted(when for _, when in seen)


@given(st.lists(st.lists(seconds, min_size=1, max_size=4), min_size=1, max_size=3), st.lists(seconds, min_size=1))
def test_a_stranger_that_sleeps_meanwhile_lets_nobody_oversleep(works: list[list[float]], pauses: list[float]) -> None:
    clock, seen, strange = VirtualClock(0.0), Seen(), Seen()
    stranger = threading.Thread(target=sleeper(clock, "stranger", pauses, strange), daemon=True)

    def act() -> None:
        # Nobody works yet, so time may go on under the stranger; from here on it may not under the works.
        begun: list[float] = []

        def first() -> None:
            begun.append(clock.now())
            stranger.start()
            sleeper(clock, "0", works[0], seen)()

        clock.together(first, *(sleeper(clock, str(i), each, seen) for i, each in enumerate(works[1:], 1)))
        stranger.join()
        assert begun == [0.0]

    within_time(act)
    for index, pauses_of_work in enumerate(works):
        moments = [when for name, when in seen if name == str(index)]
        assert moments == [sum(pauses_of_work[: count + 1]) for count in range(len(pauses_of_work))]
    assert [when for _, when in strange] == sorted(when for _, when in strange)


def test_one_is_awake_at_a_time() -> None:
    clock, awake, met = VirtualClock(0.0), threading.Lock(), list[float]()

    def work() -> None:
        for _ in range(10):
            if not awake.acquire(blocking=False):
                met.append(clock.now())
                return
            time.sleep(0.001)
            awake.release()
            clock.sleep(1)

    within_time(lambda: clock.together(work, work, work))
    assert met == []


def test_the_first_failure_is_raised_when_all_have_ended() -> None:
    clock, ends = VirtualClock(0.0), list[float]()

    def fails(after: float, text: str) -> Callable[[], NoReturn]:
        def work() -> NoReturn:
            clock.sleep(after)
            raise OSError(text)

        return work

    def ends_late() -> None:
        clock.sleep(9)
        ends.append(clock.now())

    with pytest.raises(OSError, match="early"):
        within_time(lambda: clock.together(fails(5, "late"), fails(2, "early"), ends_late))
    assert ends == [9.0]


def test_a_roused_work_wakes_at_once_and_so_does_whoever_works_for_it() -> None:
    clock, woken = VirtualClock(0.0), Seen()

    def sleeps(name: str) -> Callable[[], None]:
        def work() -> None:
            clock.sleep(100)
            woken.append((name, clock.now()))

        return work

    def rouses() -> None:
        clock.sleep(3)
        clock.rouse()

    within_time(lambda: clock.together(rouses, sleeps("a"), lambda: clock.together(sleeps("b"), sleeps("c"))))
    assert woken == [("a", 3.0), ("b", 3.0), ("c", 3.0)]
    assert clock.now() == 3.0


def test_rousing_wakes_nobody_else() -> None:
    clock, woken = VirtualClock(0.0), Seen()

    def inner() -> None:
        clock.sleep(1)
        clock.rouse()

    def outer() -> None:
        clock.sleep(100)
        woken.append(("outer", clock.now()))

    clock.rouse()
    within_time(lambda: clock.together(outer, lambda: clock.together(inner, lambda: clock.sleep(50))))
    assert woken == [("outer", 100.0)]


def test_a_callback_that_sleeps_keeps_only_its_own_thread_from_waking() -> None:
    clock, seen = VirtualClock(0.0), Seen()
    clock.call_at(1.0, lambda: clock.sleep(10))

    within_time(lambda: clock.together(sleeper(clock, "runs it", [2.0], seen), sleeper(clock, "other", [5.0], seen)))
    assert seen == [("other", 5.0), ("runs it", 11.0)]


def test_who_lies_down_during_a_callback_wakes_before_the_one_that_runs_it() -> None:
    clock, seen = VirtualClock(0.0), Seen()
    stranger = threading.Thread(target=sleeper(clock, "stranger", [1.0], seen), daemon=True)

    def callback() -> None:
        stranger.start()
        time.sleep(0.05)

    clock.call_at(1.0, callback)
    within_time(sleeper(clock, "runs it", [5.0], seen))
    stranger.join(GIVE_UP_SECONDS)
    # What a stranger does after waking may happen at a later time, so only its waking counts.
    assert {name for name, _ in seen} == {"stranger", "runs it"}


def test_a_failing_callback_reaches_the_work_that_ran_it_and_the_others_go_on() -> None:
    clock, seen = VirtualClock(0.0), Seen()

    def fail() -> NoReturn:
        raise OSError("broken")

    clock.call_at(1.0, fail)
    with pytest.raises(OSError, match="broken"):
        within_time(lambda: clock.together(sleeper(clock, "a", [2.0], seen), sleeper(clock, "b", [3.0, 4.0], seen)))
    assert seen == [("b", 3.0), ("b", 7.0)]


def test_nobody_to_work_takes_no_time() -> None:
    clock = VirtualClock(0.0)
    within_time(clock.together)
    assert clock.now() == 0.0
