import threading
import time

import pytest

from scripts.local.emr.clock import LiveClock, VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.runner import ScriptedRunner
from tests.unit.local.emr.lab import groups, step


class TestVirtualClock:
    def test_moves_only_by_sleeping(self) -> None:
        clock = VirtualClock(100.0)
        assert clock.now() == 100.0
        clock.sleep(5)
        assert clock.now() == 105.0

    def test_runs_callbacks_in_order_at_their_own_time(self) -> None:
        clock = VirtualClock(0.0)
        seen: list[tuple[str, float]] = []
        for name, when in (("late", 9.0), ("first", 3.0), ("second", 3.0), ("never", 11.0)):
            clock.call_at(when, lambda name=name: seen.append((name, clock.now())))  # type: ignore[misc]
        clock.sleep(10)
        assert seen == [("first", 3.0), ("second", 3.0), ("late", 9.0)]

    def test_callbacks_may_schedule_callbacks_on_the_way(self) -> None:
        clock = VirtualClock(0.0)
        seen: list[float] = []

        def tick() -> None:
            seen.append(clock.now())
            clock.call_at(clock.now() + 2, tick)

        clock.call_at(1.0, tick)
        clock.sleep(6)
        assert seen == [1.0, 3.0, 5.0]

    def test_callbacks_may_sleep(self) -> None:
        clock = VirtualClock(0.0)
        seen: list[float] = []
        clock.call_at(1.0, lambda: clock.sleep(10))
        clock.call_at(5.0, lambda: seen.append(clock.now()))
        clock.sleep(2)
        assert seen == [5.0]
        assert clock.now() == 11.0

    def test_cancelled_callbacks_do_not_run(self) -> None:
        clock = VirtualClock(0.0)
        seen: list[int] = []
        cancel = clock.call_at(1.0, lambda: seen.append(1))
        cancel()
        cancel()
        clock.sleep(2)
        assert seen == []

    def test_a_moment_in_the_past_is_due_at_the_next_sleep(self) -> None:
        clock = VirtualClock(10.0)
        seen: list[float] = []
        clock.call_at(1.0, lambda: seen.append(clock.now()))
        clock.sleep(0)
        assert seen == [10.0]

    def test_many_sleepers_never_move_it_back(self) -> None:
        clock = VirtualClock(0.0)
        seen: list[float] = []

        def tick() -> None:
            seen.append(clock.now())
            clock.call_at(clock.now() + 1, tick)

        clock.call_at(1.0, tick)

        def work() -> None:
            for _ in range(20):
                clock.sleep(7)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        assert seen == [float(second) for second in range(1, len(seen) + 1)]
        assert 140 <= clock.now() <= 560


class TestLiveClock:
    def test_runs_scaled(self) -> None:
        clock = LiveClock(1000)
        try:
            began, virtual = time.monotonic(), clock.now()
            clock.sleep(100)
            assert clock.now() - virtual >= 100
            assert time.monotonic() - began < 5
        finally:
            clock.close()

    def test_runs_due_callbacks_and_survives_a_failing_one(self, caplog: pytest.LogCaptureFixture) -> None:
        clock = LiveClock(1000)
        try:
            done = threading.Event()

            def fail() -> None:
                raise OSError("broken")

            clock.call_at(clock.now() + 1, fail)
            clock.call_at(clock.now() + 20, done.set)
            assert done.wait(5)
            assert "A scheduled callback failed" in caplog.text
        finally:
            clock.close()

    def test_real_time_nests_and_slows_sleepers_down(self) -> None:
        clock = LiveClock(100_000)
        try:
            woken = threading.Event()
            with clock.real_time():
                with clock.real_time():
                    pass
                before = clock.now()

                def sleep() -> None:
                    clock.sleep(3000)
                    woken.set()

                threading.Thread(target=sleep, daemon=True).start()
                assert not woken.wait(0.1)
                assert clock.now() - before < 5
            assert woken.wait(5)
        finally:
            clock.close()

    def test_runs_one_to_one_while_nobody_waits(self) -> None:
        clock = LiveClock(100_000)
        try:
            fired: list[int] = []
            clock.call_at(clock.now() + 60, lambda: fired.append(1), awaited=False)
            before = clock.now()
            time.sleep(0.1)
            assert clock.now() - before < 5
            assert fired == []
        finally:
            clock.close()

    def test_hurries_to_what_is_awaited_and_then_stops_hurrying(self) -> None:
        clock = LiveClock(100_000)
        try:
            before, fired = clock.now(), threading.Event()
            clock.call_at(before + 3000, fired.set)
            assert fired.wait(5)
            time.sleep(0.05)
            reached = clock.now()
            assert reached - before >= 3000
            time.sleep(0.1)
            assert clock.now() - reached < 5
        finally:
            clock.close()

    def test_a_cancelled_callback_is_no_longer_awaited(self) -> None:
        clock = LiveClock(100_000)
        try:
            clock.call_at(clock.now() + 1e9, lambda: None)()
            before = clock.now()
            time.sleep(0.05)
            assert clock.now() - before < 5
        finally:
            clock.close()

    def test_a_closed_clock_runs_nothing_more(self) -> None:
        clock = LiveClock(1000)
        seen: list[int] = []
        clock.close()
        clock.call_at(clock.now(), lambda: seen.append(1))
        time.sleep(0.02)
        assert seen == []

    def test_refuses_a_scale_of_nothing(self) -> None:
        with pytest.raises(ValueError, match="greater than 0"):
            LiveClock(0)


def test_an_engine_lives_on_a_live_clock() -> None:
    clock = LiveClock(5000)
    try:
        engine = EmrEngine(clock, ScriptedRunner(clock, seconds=60))
        cluster_id = engine.call("RunJobFlow", groups(keep_alive=False, Steps=[step()]))["JobFlowId"]
        give_up = time.monotonic() + 10
        while engine.live_clusters() and time.monotonic() < give_up:
            clock.sleep(50)
        shown = engine.call("DescribeCluster", {"ClusterId": cluster_id})["Cluster"]["Status"]
        assert (shown["State"], shown["StateChangeReason"]["Code"]) == ("TERMINATED", "ALL_STEPS_COMPLETED")
    finally:
        clock.close()
