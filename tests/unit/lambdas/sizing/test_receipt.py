"""The receipt, line by line."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from lambdas.sizing import Asked, Decision, Known
from lambdas.sizing.receipt import receipt, warnings_of, what_fails
from lambdas.specs import Cluster
from tests.unit.lambdas.sizing.accepted import CATALOGUE, ONE_FAMILY, SPARK
from tests.unit.lambdas.sizing.sizes import ASKED, HOUR, HUNDRED_GB, NOTHING, ONE_GZIP, SMALL, asking, decided
from tests.unit.lambdas.sizing.strategies import PARTS, measurement

MIB = 1024 * 1024
HEADS = ["Measured", "Known", "Chosen", "Expected", "Why", "Instead", "Warnings"]
DECISION = decided(HUNDRED_GB)


def lines(
    measured: Measurement = HUNDRED_GB,
    asked: Asked = ASKED,
    known: Known = NOTHING,
    cluster: Cluster = SPARK,
    decision: Decision = DECISION,
) -> dict[str, str]:
    """Return the receipt by what each line begins with."""
    found = receipt(measured, asked, known, decision, cluster, CATALOGUE)
    assert [line.partition(": ")[0] for line in found] == HEADS
    return {head: line.partition(": ")[2] for head, line in zip(HEADS, found, strict=True)}


@settings(max_examples=15)
@given(PARTS, st.integers(2, 40), st.sampled_from([None, 0.2 * HOUR, 5 * HOUR]), st.sampled_from([None, 0.05, 9.0]))
def test_seven_plain_lines(
    parts: list[tuple[Kind, int, int]], max_nodes: int, deadline: float | None, budget: float | None
) -> None:
    measured, asked = measurement(parts), asking(max_nodes, deadline, budget)
    found = lines(measured, asked, decision=decided(measured, asked))
    for line in found.values():
        assert line.isprintable()
        assert line.endswith(".")
        assert "None" not in line
        assert "nan" not in line
        assert not re.search(r"\b1 (files|cores|nodes|executors|runs)\b", line)


def test_measured() -> None:
    assert lines(SMALL)["Measured"] == "1,000 bytes in 1 file (csv), the largest 1,000 bytes, all splittable."
    gzip = measurement([(Kind("csv", "gzip"), 1, 300 * MIB), (Kind("parquet", "snappy"), 2, 100 * MIB)])
    assert lines(replace(gzip, partitions=12))["Measured"] == (
        "500.0 MiB in 3 files and 12 partitions (csv/gzip 300.0 MiB, parquet/snappy 200.0 MiB), the largest 300.0 MiB, "
        "300.0 MiB in 1 file that cannot be split."
    )
    many = measurement([(Kind(name, "none"), 1, MIB) for name in ("csv", "json", "orc", "avro")])
    assert "(csv 1.0 MiB, json 1.0 MiB, orc 1.0 MiB, ...)" in lines(many)["Measured"]


@pytest.mark.parametrize(
    ("known", "job_class", "says"),
    [
        (NOTHING, None, "no past run of this job; taken from a usual job: job.yml names no class."),
        (NOTHING, "sql", "no past run of this job; taken from what sql jobs usually do."),
        (Known(others=1), "sql", "no past run of this job; taken from 1 run of other sql jobs."),
        (
            Known(left_out={"spot": 1, "failed": 2}),
            None,
            "no past run of this job, left out: 2 failed, 1 spot; taken from a usual job: job.yml names no class.",
        ),
        (Known(names=("c", "b", "a")), None, "3 past runs of this job (c, b, ...)."),
        (Known(names=("run-1",)), None, "1 past run of this job (run-1)."),
        (
            Known(names=("run-2", "run-1"), others=3, left_out={"failed": 1}, last_error=-0.25),
            "ml",
            "2 past runs of this job (run-2, run-1) and 3 runs of other ml jobs, left out: 1 failed; "
            "the last took 25 % less than predicted.",
        ),
        (
            Known(names=("run-1",), last_error=0.5),
            None,
            "1 past run of this job (run-1); the last took 50 % longer than predicted.",
        ),
        (
            Known(names=("run-1",), last_error=1.5),
            None,
            "1 past run of this job (run-1); the last took 2.5 times as long as predicted.",
        ),
    ],
)
def test_known(known: Known, job_class: str | None, says: str) -> None:
    assert lines(known=known, asked=Asked(40, job_class))["Known"] == says


def test_chosen() -> None:
    small = decided(SMALL, cluster=ONE_FAMILY)
    layout = small.shape.layout
    assert lines(decision=small)["Chosen"] == (
        f"primary m7g.xlarge, 1 core node m7g.xlarge: 4 cores, {small.shape.yarn_memory_mib / 1024:.1f} GiB for YARN, "
        f"1 executor of 4 cores and {layout.heap_mib / 1024:.1f} GiB."
    )
    five = replace(small, shape=replace(small.shape, workers=5))
    assert "2 core nodes m7g.xlarge, 3 task nodes m7g.xlarge on spot: 20 cores, " in lines(decision=five)["Chosen"]
    three = replace(small, shape=replace(small.shape, workers=2, market="on_demand"))
    assert "1 core node m7g.xlarge, 1 task node m7g.xlarge on demand: 8 cores, " in lines(decision=three)["Chosen"]


def test_expected() -> None:
    usd, minutes = DECISION.estimate.usd, DECISION.estimate.minutes
    assert lines()["Expected"] == (
        f"{minutes.median:.0f} ({minutes.low:.0f} to {minutes.high:.0f}) minutes (8 to start, assumed), "
        f"${usd.median:.2f} ({usd.low:.2f} to {usd.high:.2f}) at prices of {CATALOGUE.prices_as_of.isoformat()}; "
        "in brackets where four of five runs lie."
    )
    assert "minutes (11 to start), $" in lines(known=Known(provision_seconds=660))["Expected"]


def test_why() -> None:
    shapes = f"{DECISION.considered:,} shapes"
    assert lines()["Why"] == f"the cheapest of {shapes}; no deadline and no budget is set."
    kept = replace(DECISION, kept=0.97)
    assert lines(asked=asking(deadline=2 * HOUR), decision=kept)["Why"] == (
        f"the cheapest of {shapes} that are 90 % sure or more; 97 % sure of the deadline of 2 h."
    )
    assert lines(asked=asking(budget=7.5), decision=kept)["Why"] == (
        f"the fastest of {shapes} that are 90 % sure or more; 97 % sure of the budget of $7.50."
    )


def test_instead() -> None:
    instead = lines()["Instead"]
    assert instead.count("; ") == len(DECISION.alternatives) - 1
    for other in DECISION.alternatives:
        assert f"{other.shape.workers} x {other.shape.instance_type.type}, " in instead
        assert f", ${other.estimate.usd.median:.2f}: {other.why_not}" in instead
    assert lines(decision=replace(DECISION, alternatives=()))["Instead"] == "nothing else may be used."


def test_nothing_to_mind() -> None:
    assert lines()["Warnings"] == "none."


def test_what_nothing_keeps_is_said_with_what_would_be() -> None:
    asked = asking(10, deadline=5 * 60, budget=0.01)
    decision = decided(HUNDRED_GB, asked)
    found = lines(asked=asked, decision=decision)
    limits = "the deadline of 5 min and the budget of $0.01"
    assert found["Why"].startswith("nothing of ")
    assert found["Why"].endswith(f"this is the best, 0 % sure of {limits}.")
    assert what_fails(asked) == (
        f"No cluster of at most 10 nodes (limits.max_nodes) keeps {limits} with 90 % confidence."
    )
    offer = r"\d+ x [a-z0-9.]+ would keep a deadline of .*min and \d+ x [a-z0-9.]+ would keep a budget of \$\d+\.\d\d"
    assert re.fullmatch(f"{re.escape(what_fails(asked))} {offer}, each by itself\\.", found["Warnings"])


def test_a_long_file_that_no_cluster_size_helps() -> None:
    (warning,) = warnings_of(ONE_GZIP, ASKED, decided(ONE_GZIP))
    assert warning.startswith(
        "One task alone reads a file of 46.6 GiB that cannot be split, whatever the cluster's size: "
        "more than 1 core cannot help to read this input; "
    )
    short = measurement([(Kind("csv", "gzip"), 100, 500 * MIB)])
    assert warnings_of(short, ASKED, decided(short)) == []


def test_many_small_files() -> None:
    many = replace(HUNDRED_GB, files=3_000, small_files=2_000)
    assert warnings_of(many, ASKED, DECISION) == [
        "2,000 of 3,000 files take Spark longer to open than to read; write fewer and larger ones."
    ]
    assert warnings_of(replace(many, small_files=1_500), ASKED, DECISION) == []
    assert warnings_of(replace(many, files=900, small_files=900), ASKED, DECISION) == []
