import datetime

import pytest

from lambdas.clusters.find import FoundCluster
from lambdas.clusters.judge import UNKNOWN, Reason, judge
from tests.unit.lambdas.emr import ARN, START

HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


def cluster(created: datetime.datetime | None = START, lifetime: datetime.timedelta | None = HOUR) -> FoundCluster:
    return FoundCluster("j-1", "WAITING", created, execution=ARN, lifetime=lifetime)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_execution_over(status: str) -> None:
    assert judge(cluster(), status, START) is Reason.EXECUTION_OVER
    assert judge(cluster(lifetime=None), status, START + 9 * HOUR) is Reason.EXECUTION_OVER


def test_execution_unknown() -> None:
    assert judge(cluster(), UNKNOWN, START) is Reason.EXECUTION_UNKNOWN


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE", None, "A_STATUS_TO_COME"])
def test_anything_else_lives_as_long_as_it_may(status: str | None) -> None:
    assert judge(cluster(), status, START + HOUR) is None
    assert judge(cluster(), status, START + HOUR + SECOND) is Reason.TOO_OLD
    assert judge(cluster(lifetime=None), status, START + 1000 * HOUR) is None
    assert judge(cluster(created=None), status, START + 1000 * HOUR) is None
