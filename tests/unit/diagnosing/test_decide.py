import json
from typing import Any

import pytest

from scripts.diagnosing.decide import CaseError, decide

TRACEBACK = ["Traceback (most recent call last):", '  File "job.py", line 3, in <module>', "ValueError: bad rows"]
FULL = "java.io.IOException: No space left on device"


def decided(case: Any) -> Any:
    return json.loads(decide(json.dumps(case)))


def test_shape() -> None:
    answer = decided({"cluster": None, "step": None, "log": "\n".join(TRACEBACK)})
    assert set(answer) == {"class", "action", "confidence", "evidence"}
    assert (answer["class"], answer["action"]) == ("application_error", "fail_now")
    assert 0.5 < answer["confidence"] <= 1
    assert answer["evidence"][0] == "ValueError: bad rows"


@pytest.mark.parametrize(
    "case",
    [
        {"log": FULL},
        {"log": [FULL]},
        {"log": {"errorMessage": FULL}},
        {"step": {"Step": {"Status": {"State": "FAILED", "FailureDetails": {"Message": FULL}}}}},
        {"cluster": FULL},
        {"cluster": None, "step": 7, "log": [FULL, None, 3]},
    ],
)
def test_lenient(case: Any) -> None:
    assert decided(case)["class"] == "disk_full"


@pytest.mark.parametrize("case", [{}, {"cluster": None, "step": None, "log": None}])
def test_nothing_known(case: Any) -> None:
    assert decided(case)["class"] == "unknown"


@pytest.mark.parametrize("line", ["", "not json", "[1]", '"text"', "null", '{"log": '])
def test_no_case(line: str) -> None:
    with pytest.raises(CaseError, match="one JSON object per line"):
        decide(line)
