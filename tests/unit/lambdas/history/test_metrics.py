import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.history.metrics import SparkMetrics, SparkTotals, read_metrics, total
from tests.unit.lambdas.history.logs import MIB, end, environment, line, log, stage_end, start, task


def read(text: bytes) -> SparkMetrics:
    return read_metrics(text.splitlines(keepends=True))


def test_an_application_in_its_figures() -> None:
    tasks = [
        task(100, heap=9 * MIB, peak=MIB, input=5, records=2, output=3, remote=7, local=4, cpu=50_000_000, gc=10),
        task(
            300, heap=3 * MIB, peak=2 * MIB, input=5, records=2, output=3, written=12, memory_spilled=20, disk_spilled=8
        ),
    ]
    found = read(log(tasks))
    assert found == SparkMetrics(
        application="application_1_0001",
        name="count",
        step="count",
        seconds=60.0,
        finished=True,
        input_bytes=10,
        input_records=4,
        output_bytes=6,
        shuffle_read_bytes=11,
        shuffle_write_bytes=12,
        memory_spilled_bytes=20,
        disk_spilled_bytes=8,
        peak_execution_memory_bytes=2 * MIB,
        peak_heap_bytes=9 * MIB,
        executor_run_seconds=0.4,
        executor_cpu_seconds=0.05,
        gc_seconds=0.01,
        tasks=2,
        skew=1.5,
    )


def test_a_failed_task_used_what_it_used() -> None:
    found = read(log([task(100, input=5), task(40, input=2, failed=True)]))
    assert (found.tasks, found.failed_tasks, found.input_bytes) == (2, 1, 7)


def test_a_log_without_an_end_reaches_to_its_last_task() -> None:
    found = read(start() + task(finish=31_000) + task(finish=21_000))
    assert (found.finished, found.seconds) == (False, 30.0)


def test_a_second_attempt_of_the_application_master() -> None:
    assert read(start(**{"App Attempt ID": "2"})).attempt == "2"


def test_executors_that_were_lost_and_those_let_go() -> None:
    reasons = [
        "Container from a bad node: container_1. Exit status: -100. Diagnostics: Container released on a *lost* node.",
        "Executor killed by driver.",
        "Container container_2 exited from explicit termination request.",
        "Executor decommission: spot interruption",
    ]
    added = [
        line("SparkListenerExecutorAdded", **{"Executor ID": name}) for name in ("driver", "1", "2", "3", "4", "5")
    ]
    removed = [line("SparkListenerExecutorRemoved", **{"Removed Reason": reason}) for reason in reasons]
    found = read(b"".join([*added, *removed]))
    assert (found.executors_added, found.executors_lost) == (5, 2)


def test_the_heap_is_that_of_executors_not_of_the_driver() -> None:
    def peak(executor: str, heap: int) -> bytes:
        about = {"Executor ID": executor, "Executor Metrics": {"JVMHeapMemory": heap}}
        return line("SparkListenerStageExecutorMetrics", **about)

    assert read(peak("driver", 9 * MIB) + peak("1", 4 * MIB) + peak("2", 5 * MIB)).peak_heap_bytes == 5 * MIB


def test_skew_is_that_of_the_stage_with_most_work() -> None:
    small = [task(1, 1), task(50, 1), stage_end(1)]
    big = [task(100, 2), task(100, 2), task(400, 2), stage_end(2)]
    assert read(b"".join([*small, *big, task(9, 3), task(1, 3)])).skew == 4.0
    assert read(b"".join(big[:-1])).skew == 4.0  # not over yet
    assert read(start() + end()).skew is None


@pytest.mark.parametrize(
    "torn",
    [
        b"{",
        b"\xff\xfe\n",
        b'{"Event":"SparkListenerTaskEnd","Task Metrics"\n',
        b'{"Event":"SparkListenerTaskEnd","Stage ID":' + b"9" * 5_000 + b"}\n",
        b'{"Event":"SparkListenerTaskEnd","Task Metrics":' + b"[" * 100_000 + b"\n",
        b"no json\n",
    ],
)
def test_a_torn_line_is_counted_and_takes_nothing_along(torn: bytes) -> None:
    whole = log([task(100, input=5), task(300, input=5)])
    found = read(torn.rstrip(b"\n") + b"\n" + whole)
    assert found == read(whole).model_copy(update={"unreadable_lines": 1})


@pytest.mark.parametrize("value", [-1, 2**70, 1.5, "7", None, True, [1], float("nan")])
def test_a_value_that_is_no_number_of_anything_counts_as_none(value: object) -> None:
    broken = line("SparkListenerTaskEnd", **{"Task Metrics": {"Executor Run Time": value, "Input Metrics": value}})
    assert read(broken).model_copy(update={"tasks": 0}) == SparkMetrics()


def test_a_name_that_is_no_text_can_still_be_written() -> None:
    found = read(b'{"Event":"SparkListenerApplicationStart","App Name":"\\ud800 name","Timestamp":1}\n')
    assert json.dumps(found.model_dump(mode="json"), ensure_ascii=False).encode()
    assert found.name == "? name"


def test_events_nobody_asked_for_are_not_even_parsed() -> None:
    assert (
        read(b'{"Event":"org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart", no json\n')
        == SparkMetrics()
    )


tasks = st.builds(
    task,
    st.integers(0, 10**6),
    st.integers(0, 3),
    failed=st.booleans(),
    heap=st.integers(0, 2**40),
    input=st.integers(0, 2**50),
    remote=st.integers(0, 2**50),
    local=st.integers(0, 2**50),
    peak=st.integers(0, 2**40),
)


@given(st.lists(tasks, max_size=20), st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_the_order_of_tasks(found: list[bytes], chance: random.Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert read(log(shuffled)) == read(log(found))


@given(st.lists(tasks, max_size=20))
def test_sums_are_those_of_adding_up(found: list[bytes]) -> None:
    metrics = [json.loads(each)["Task Metrics"] for each in found]
    said = read(log(found))
    assert said.input_bytes == sum(each["Input Metrics"]["Bytes Read"] for each in metrics)
    assert said.shuffle_read_bytes == sum(sum(each["Shuffle Read Metrics"].values()) for each in metrics)
    assert said.peak_execution_memory_bytes == max((each["Peak Execution Memory"] for each in metrics), default=0)
    assert said.executor_run_seconds == sum(each["Executor Run Time"] for each in metrics) / 1e3


@given(st.lists(tasks, max_size=5), st.integers(0), st.binary(max_size=60), st.integers(0, 60))
def test_nothing_in_a_log_makes_it_fail(found: list[bytes], place: int, garbage: bytes, dropped: int) -> None:
    whole = log(found)
    cut = place % (len(whole) + 1)
    said = read(whole[:cut] + garbage + whole[cut + dropped :])
    assert said.tasks <= len(found) + 1
    json.dumps(said.model_dump(mode="json"), ensure_ascii=False).encode()


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["Task Info", "Task Metrics", "Stage Info", "Timestamp", "x"]), children)
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(
        [f"SparkListener{name}" for name in ("TaskEnd", "ApplicationStart", "StageCompleted", "ExecutorRemoved")]
    ),
    st.dictionaries(
        st.sampled_from(["Task Info", "Task Metrics", "Stage ID", "Stage Info", "Timestamp", "Removed Reason"]), nested
    ),
)
def test_any_document_under_the_name_of_an_event(event: str, fields: dict[str, object]) -> None:
    assert read(line(event, **fields)).unreadable_lines == 0


def test_a_run_of_several_applications() -> None:
    one = read(log([task(100, input=5, peak=MIB), task(100)], step="clean"))
    other = read(log([task(1_000, input=2, peak=3), task(500), task(500)], step="summarise"))
    both = total([one, other])
    assert (both.input_bytes, both.tasks) == (7, 5)
    assert both.executor_run_seconds == pytest.approx(2.2)
    assert (both.peak_execution_memory_bytes, both.skew) == (MIB, other.skew)
    assert total([]) == SparkTotals()
    assert environment("x") in log([], step="x")
