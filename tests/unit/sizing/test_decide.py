import io
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.sizing.decide import RequestError, answer_lines, read_request
from scripts.sizing.request import Answer, Request

REQUEST: dict[str, Any] = {
    "job": {"id": "job-1", "class": "shuffle", "data_bytes": 12_000_000_000},
    "history": [{"data_bytes": 10_000_000_000, "instance_type": "m5.xlarge", "nodes": 4, "runtime_s": 610.5}],
    "candidates": [{"instance_type": "m5.xlarge", "nodes": 2}, {"instance_type": "r5.xlarge", "nodes": 8}],
    "instance_types": {
        "m5.xlarge": {"vcpu": 4, "memory_gib": 16.0, "ebs_mbps": 143.75, "price_usd_h": 0.24},
        "r5.xlarge": {"vcpu": 4, "memory_gib": 32.0, "ebs_mbps": 143.75, "price_usd_h": 0.315},
    },
    "deadline_s": 3600.0,
    "budget_usd": None,
    "cost_model": {"provision_s": 420.0, "primary_usd_h": 0.24},
}


def last_candidate(request: Request) -> Answer:
    chosen = request.candidates[-1]
    return Answer(instance_type=chosen.instance_type, nodes=chosen.nodes, predicted_runtime_s=60 * len(request.history))


def line(**changes: Any) -> bytes:
    return json.dumps({**REQUEST, **changes}).encode() + b"\n"


def answers(*lines: bytes) -> list[dict[str, Any]]:
    out = io.StringIO()
    answer_lines(lines, out, last_candidate)
    return [json.loads(answer) for answer in out.getvalue().splitlines()]


def test_answer() -> None:
    assert answers(line()) == [{"instance_type": "r5.xlarge", "nodes": 8, "predicted_runtime_s": 60.0}]


def test_job_class_and_numbers_arrive() -> None:
    request = read_request(line())
    assert (request.job.job_class, request.job.data_bytes, request.deadline_s) == ("shuffle", 12_000_000_000, 3600)
    assert request.history[0].runtime_s == 610.5
    assert request.instance_types["r5.xlarge"].memory_gib == 32


def test_what_is_more_than_asked_for_is_passed_over() -> None:
    (answer,) = answers(line(colour="red", job={**REQUEST["job"], "owner": "me"}))
    assert answer["nodes"] == 8


def test_no_history_no_class_no_limits() -> None:
    job = {"id": "new", "data_bytes": 1}
    (answer,) = answers(line(job=job, history=[], deadline_s=None))
    assert answer["predicted_runtime_s"] == 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"job": {"id": "x", "data_bytes": 0}}, "job.data_bytes: "),
        ({"candidates": []}, "candidates: "),
        ({"candidates": [{"instance_type": "m5.xlarge", "nodes": 0}]}, "candidates.0.nodes: "),
        ({"candidates": [{"instance_type": "z9.tiny", "nodes": 1}]}, "candidates.0.instance_type: 'z9.tiny' is not in"),
        ({"history": [{**REQUEST["history"][0], "instance_type": "z9"}]}, "history.0.instance_type: 'z9' is not in"),
        ({"history": [{"nodes": 2}]}, "history.0.runtime_s: "),
        ({"deadline_s": -1}, "deadline_s: "),
        ({"budget_usd": float("nan")}, "budget_usd: "),
        ({"cost_model": None}, "cost_model: "),
    ],
)
def test_wrong_field_is_named(changes: dict[str, Any], says: str) -> None:
    (answer,) = answers(line(**changes))
    assert set(answer) == {"error"}
    assert says in answer["error"]


def test_all_wrong_fields_are_named() -> None:
    with pytest.raises(RequestError, match=r"job: .*; candidates: .*; instance_types: .*; cost_model: "):
        read_request(b"{}")


def test_loop_goes_on_after_a_wrong_line() -> None:
    found = answers(b"not json\n", b"\n", b"\xff\xfe\n", line())
    assert [set(answer) for answer in found[:2]] == [{"error"}, {"error"}]
    assert found[2]["instance_type"] == "r5.xlarge"
    assert len(found) == 3


@given(st.lists(st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"") + b"\n")))
def test_one_line_for_every_line_that_is_not_blank(lines: list[bytes]) -> None:
    assert len(answers(*lines)) == sum(1 for each in lines if each.strip())


ONE_BY_ONE = """
import sys
from scripts.sizing.decide import answer_lines
from tests.unit.sizing.test_decide import last_candidate
answer_lines(sys.stdin.buffer, sys.stdout, last_candidate)
"""


def test_every_answer_comes_before_the_next_request() -> None:
    with subprocess.Popen([sys.executable, "-c", ONE_BY_ONE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for request in (line(), b"{}\n", line(history=[])):
            process.stdin.write(request)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(timeout=10) == 0
