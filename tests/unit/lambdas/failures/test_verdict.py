"""The verdict over everything EMR can show, and what is known to mislead."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from botocore.session import get_session

from lambdas.failures.verdict import ENDED, ENDING, LIVE, TABLE, Known, Verdict, judge, look_up, summarise_steps

EMR = get_session().get_service_model("emr")
CLUSTER_STATES, CODES, STEP_STATES = (
    list(EMR.shape_for(name).metadata["enum"]) for name in ("ClusterState", "ClusterStateChangeReasonCode", "StepState")
)
UNKNOWN_STATE = "A_STATE_OF_TOMORROW"
PLANNED = ("clean", "summarise")
STOPPED = {"FAILED", "CANCELLED", "INTERRUPTED", "CANCEL_PENDING"}
URL = "https://docs.aws.amazon.com/emr/"


@dataclass(frozen=True)
class Seen:
    """One case: ``cluster`` is ``""`` when there is none, ``code`` when EMR gives no reason."""

    cluster: str
    code: str
    steps: tuple[str, ...]
    planned: tuple[str, ...] | None
    known: Known

    @cached_property
    def listed(self) -> list[dict[str, Any]]:
        return [{"Name": name, "Status": {"State": state}} for name, state in zip(PLANNED, self.steps, strict=False)]

    @cached_property
    def verdict(self) -> Verdict:
        reason = {"Code": self.code, "Message": "Some words."} if self.code else {}
        status = {"State": self.cluster, "StateChangeReason": reason}
        return judge({"Id": "j-1", "Status": status} if self.cluster else None, self.listed, self.planned, self.known)

    @cached_property
    def rows(self) -> list[int]:
        """The numbers of the rows that fit."""
        summary = summarise_steps(self.listed, self.planned)
        return [number for number, row in enumerate(TABLE) if row.fits(self.cluster, self.code, summary, self.known)]


def step_lists() -> Iterator[tuple[str, ...]]:
    for count in range(3):
        yield from itertools.product([*STEP_STATES, UNKNOWN_STATE], repeat=count)


def everything() -> list[Seen]:
    product = itertools.product(
        ["", *CLUSTER_STATES, UNKNOWN_STATE],
        ["", *CODES],
        step_lists(),
        [None, PLANNED[:1], PLANNED],
        Known,
    )
    # Without a cluster there is nobody to give a reason.
    return [case for case in (Seen(*each) for each in product) if case.cluster or not case.code]


CASES = everything()


def those(**wanted: Any) -> list[Seen]:
    found = [case for case in CASES if all(getattr(case, name) == value for name, value in wanted.items())]
    assert found
    return found


def all_completed(case: Seen) -> bool:
    return bool(case.steps) and set(case.steps) == {"COMPLETED"} and len(case.steps) >= len(case.planned or ())


def test_the_product_is_whole() -> None:
    assert len(CLUSTER_STATES) == 7
    assert len(CODES) == 8
    assert len(STEP_STATES) == 7
    assert len(CASES) == (8 * 9 + 1) * (1 + 8 + 64) * 3 * 3
    assert set(CLUSTER_STATES) == LIVE | ENDING


def test_a_step_that_did_not_complete_is_never_a_success() -> None:
    for case in CASES:
        if set(case.steps) - {"COMPLETED"}:
            assert case.verdict is not Verdict.SUCCEEDED, case


def test_a_planned_step_that_is_missing_is_never_a_success() -> None:
    for case in CASES:
        if case.planned and case.steps and len(case.steps) < len(case.planned):
            assert case.verdict is not Verdict.SUCCEEDED, case


def test_a_failed_step_is_a_failure_whatever_else_is_shown() -> None:
    for case in CASES:
        if "FAILED" in case.steps:
            assert case.verdict is Verdict.FAILED, case


def test_all_planned_steps_completed_is_a_success_whatever_became_of_the_cluster() -> None:
    for case in filter(all_completed, CASES):
        assert case.verdict is Verdict.SUCCEEDED, case


def test_all_steps_completed_is_a_success_when_nothing_is_known_of_the_steps() -> None:
    for case in those(cluster="TERMINATED", code="ALL_STEPS_COMPLETED", steps=(), planned=None):
        expected = Verdict.FAILED if case.known is Known.FAILED else Verdict.SUCCEEDED
        assert case.verdict is expected, case


def test_an_empty_reason_is_judged_by_the_steps() -> None:
    verdicts = {
        ("COMPLETED",): Verdict.SUCCEEDED,
        ("FAILED",): Verdict.FAILED,
        ("CANCELLED",): Verdict.CANCELLED,
        ("INTERRUPTED",): Verdict.CANCELLED,
        ("PENDING",): Verdict.CANCELLED,
        ("RUNNING",): Verdict.CANCELLED,
    }
    for cluster, (steps, verdict), known in itertools.product(ENDED, verdicts.items(), Known):
        for planned in (None, PLANNED[:1]):
            assert Seen(cluster, "", steps, planned, known).verdict is verdict


def test_what_lives_is_no_failure_unless_a_step_or_the_execution_says_so() -> None:
    for case in CASES:
        if case.cluster in LIVE and case.known is not Known.FAILED and not STOPPED & set(case.steps):
            expected = Verdict.SUCCEEDED if all_completed(case) else Verdict.UNFINISHED
            assert case.verdict is expected, case


def test_what_has_ended_is_not_unfinished() -> None:
    for case in CASES:
        if case.cluster in ENDED:
            assert case.verdict is not Verdict.UNFINISHED, case


def test_no_row_is_dead() -> None:
    first = {case.rows[0] for case in CASES}
    assert first == set(range(len(TABLE)))


def test_the_last_row_fits_everything() -> None:
    assert all(case.rows[-1] == len(TABLE) - 1 for case in CASES)


def test_the_first_row_that_fits_decides() -> None:
    for case in CASES:
        summary = summarise_steps(case.listed, case.planned)
        assert look_up(case.cluster, case.code, summary, case.known) is TABLE[case.rows[0]].verdict is case.verdict


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.verdict)
def test_every_row_has_its_source(row: Any) -> None:
    assert row.source.startswith(URL)


EXAMPLES: dict[str, tuple[str, str, Sequence[str], Sequence[str] | None, Known, Verdict]] = {
    "the usual end": ("TERMINATED", "USER_REQUEST", ["COMPLETED"] * 2, PLANNED, Known.COMPLETED, Verdict.SUCCEEDED),
    "EMR ended it after its last step": (
        "TERMINATED",
        "ALL_STEPS_COMPLETED",
        ["COMPLETED"] * 2,
        PLANNED,
        Known.NOTHING,
        Verdict.SUCCEEDED,
    ),
    "plain TERMINATED, no reason, a failed step": (
        "TERMINATED",
        "",
        ["COMPLETED", "FAILED"],
        PLANNED,
        Known.NOTHING,
        Verdict.FAILED,
    ),
    "'Steps completed with errors'": (
        "TERMINATED",
        "ALL_STEPS_COMPLETED",
        ["FAILED", "COMPLETED"],
        PLANNED,
        Known.NOTHING,
        Verdict.FAILED,
    ),
    "with errors, after all steps completed": (
        "TERMINATED_WITH_ERRORS",
        "INSTANCE_FAILURE",
        ["COMPLETED"] * 2,
        PLANNED,
        Known.COMPLETED,
        Verdict.SUCCEEDED,
    ),
    "a step failed and ended the cluster": (
        "TERMINATED_WITH_ERRORS",
        "STEP_FAILURE",
        ["FAILED", "CANCELLED"],
        PLANNED,
        Known.FAILED,
        Verdict.FAILED,
    ),
    "somebody ended the cluster": (
        "TERMINATED",
        "USER_REQUEST",
        ["COMPLETED", "CANCELLED"],
        PLANNED,
        Known.NOTHING,
        Verdict.CANCELLED,
    ),
    "the cluster was lost under the step": (
        "TERMINATED_WITH_ERRORS",
        "INSTANCE_FAILURE",
        ["CANCELLED"],
        PLANNED,
        Known.FAILED,
        Verdict.FAILED,
    ),
    "a step was cancelled, the cluster waits": (
        "WAITING",
        "",
        ["CANCELLED"],
        PLANNED,
        Known.NOTHING,
        Verdict.CANCELLED,
    ),
    "a step was interrupted": ("TERMINATED", "USER_REQUEST", ["INTERRUPTED"], None, Known.NOTHING, Verdict.CANCELLED),
    "only some of the planned steps": (
        "TERMINATED",
        "ALL_STEPS_COMPLETED",
        ["COMPLETED"],
        PLANNED,
        Known.NOTHING,
        Verdict.FAILED,
    ),
    "EMR's list of steps is behind its cluster": (
        "TERMINATED",
        "USER_REQUEST",
        ["RUNNING"],
        PLANNED,
        Known.NOTHING,
        Verdict.CANCELLED,
    ),
    "never got ready": ("TERMINATED_WITH_ERRORS", "INTERNAL_ERROR", [], PLANNED, Known.FAILED, Verdict.FAILED),
    "ended before its first step": ("TERMINATED", "USER_REQUEST", [], PLANNED, Known.NOTHING, Verdict.CANCELLED),
    "ended by EMR for being idle": ("TERMINATED", "", [], PLANNED, Known.NOTHING, Verdict.FAILED),
    "still starting": ("STARTING", "", [], PLANNED, Known.NOTHING, Verdict.UNFINISHED),
    "between two steps": ("WAITING", "", ["COMPLETED"], PLANNED, Known.NOTHING, Verdict.UNFINISHED),
    "at work": ("RUNNING", "", ["COMPLETED", "RUNNING"], PLANNED, Known.NOTHING, Verdict.UNFINISHED),
    "no cluster yet": ("", "", [], PLANNED, Known.NOTHING, Verdict.UNFINISHED),
    "no cluster came of it": ("", "", [], PLANNED, Known.FAILED, Verdict.FAILED),
    "a state this project does not know": (
        "TERMINATED",
        "ALL_STEPS_COMPLETED",
        [UNKNOWN_STATE],
        None,
        Known.COMPLETED,
        Verdict.CANCELLED,
    ),
}


@pytest.mark.parametrize(
    ("cluster", "code", "steps", "planned", "known", "verdict"), EXAMPLES.values(), ids=EXAMPLES.keys()
)
def test_examples(
    cluster: str, code: str, steps: Sequence[str], planned: Sequence[str] | None, known: Known, verdict: Verdict
) -> None:
    assert Seen(cluster, code, tuple(steps), tuple(planned) if planned else None, known).verdict is verdict


@pytest.mark.parametrize("odd", [{}, {"Status": None}, {"Status": {"State": None, "StateChangeReason": "x"}}])
def test_odd_answers_are_no_success(odd: dict[str, Any]) -> None:
    assert judge(odd, [odd]) is not Verdict.SUCCEEDED
    assert judge(odd, []) is not Verdict.SUCCEEDED
