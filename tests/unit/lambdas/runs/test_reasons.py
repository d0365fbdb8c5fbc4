"""The reasons of a size as a plan and a record hold them."""

import json

from lambdas.runs.reasons import MAX_RUNS_NAMED, Reasons, reasons_of
from lambdas.sizing import Known
from tests.unit.lambdas.sizing.sizes import ASKED, HOUR, HUNDRED_GB, NOTHING, asking, decided

ASKING = asking(40, 2 * HOUR, 7.5, 0.8, "sql")
DECISION = decided(HUNDRED_GB, ASKING)
KNOWN = Known(
    names=tuple(f"run-{number}" for number in range(30)), others=3, left_out={"failed": 2}, last_error=0.123456
)


def test_what_was_asked_for_and_known() -> None:
    reasons = reasons_of(ASKING, KNOWN, DECISION, ["mind this"])
    assert (reasons.job_class, reasons.deadline_seconds, reasons.budget_usd) == ("sql", 7_200, 7.5)
    assert reasons.confidence == 0.8
    assert reasons.runs == [f"run-{number}" for number in range(MAX_RUNS_NAMED)]
    assert (reasons.run_count, reasons.runs_of_others, reasons.left_out) == (30, 3, {"failed": 2})
    assert reasons.last_error == 0.1235
    assert reasons.warnings == ["mind this"]


def test_what_was_decided() -> None:
    reasons = reasons_of(ASKING, KNOWN, DECISION, [])
    need = DECISION.need
    assert (reasons.tasks, reasons.max_tasks, reasons.spill_bytes) == (need.tasks, need.max_tasks, need.spill_bytes)
    assert (reasons.considered, reasons.fits) == (DECISION.considered, DECISION.fits)
    assert abs(reasons.kept - DECISION.kept) < 1e-4
    assert [(other.instance_type, other.workers, other.why_not) for other in reasons.alternatives] == [
        (other.shape.instance_type.type, other.shape.workers, other.why_not) for other in DECISION.alternatives
    ]
    for other in reasons.alternatives:
        assert other.minutes_interval[0] <= other.minutes <= other.minutes_interval[1]
        assert other.usd_interval[0] <= other.usd <= other.usd_interval[1]


def test_there_and_back() -> None:
    for asked, known in ((ASKING, KNOWN), (ASKED, NOTHING)):
        reasons = reasons_of(asked, known, DECISION, [])
        assert Reasons.model_validate(json.loads(reasons.model_dump_json())) == reasons
    assert reasons_of(ASKED, NOTHING, DECISION, []).last_error is None
