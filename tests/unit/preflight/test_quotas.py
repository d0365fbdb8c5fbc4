"""Quotas against what clusters ask for."""

import datetime
from typing import TYPE_CHECKING

import pytest

from scripts.preflight.items import Status
from scripts.preflight.quotas import ON_DEMAND, SPOT, quota_checks
from scripts.preflight.subject import Clients
from tests.unit.preflight.support import Emr, Quotas, demand, found, refused, subject, with_fakes

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef


@pytest.mark.parametrize(
    ("on_demand", "spot", "statuses"),
    [
        (40, 28, ("ok", "ok")),
        (39, 27, ("warning", "warning")),
        (8, 0, ("warning", "warning")),
        (7, 28, ("failed", "ok")),
    ],
)
def test_quotas_are_held_against_the_largest_and_the_smallest_cluster(
    clients: Clients, on_demand: int, spot: int, statuses: tuple[str, str]
) -> None:
    quotas = Quotas({ON_DEMAND: on_demand, SPOT: spot})
    items = found(quota_checks(subject(with_fakes(clients, quotas=quotas))))
    assert (items["quota-on-demand"].status, items["quota-spot"].status) == statuses
    for name, quota, code, value in (("on-demand", on_demand, ON_DEMAND, 40), ("spot", spot, SPOT, 28)):
        item = items[f"quota-{name}"]
        assert item.detail.startswith(f"quota {quota}, 0 in use; ")
        assert (f"--quota-code {code} --desired-value {value} " in item.fix) == (item.status != Status.OK)


def test_a_quota_the_account_never_changed_is_the_default(clients: Clients) -> None:
    quotas = Quotas({SPOT: 100}, {ON_DEMAND: 1920})
    item = found(quota_checks(subject(with_fakes(clients, quotas=quotas))))["quota-on-demand"]
    assert (item.status, item.detail[:20]) == (Status.OK, "quota 1,920, 0 in us")


def test_the_job_that_asks_for_most_is_named(clients: Clients) -> None:
    small = demand(job="small", largest=demand().smallest)
    clients = with_fakes(clients, quotas=Quotas({ON_DEMAND: 20, SPOT: 28}))
    items = found(quota_checks(subject(clients, demands=(small, demand()))))
    assert "count may ask for 40 (all on demand: 1 x m5.xlarge and 9 x m5.xlarge)" in items["quota-on-demand"].detail
    assert set(found(quota_checks(subject(clients, demands=())))) == {"quota-clusters"}


@pytest.mark.parametrize(("used", "status"), [(32, Status.OK), (33, Status.WARNING)])
def test_what_is_in_use_is_taken_off(clients: Clients, used: int, status: Status) -> None:
    dimensions: list[DimensionTypeDef] = [{"Name": "Class", "Value": ON_DEMAND}]
    now = datetime.datetime.now(datetime.UTC)
    for minutes, value in ((3, used), (12, 40)):
        clients.cloudwatch.put_metric_data(
            Namespace="AWS/Usage",
            MetricData=[
                {
                    "MetricName": "ResourceCount",
                    "Dimensions": dimensions,
                    "Value": value,
                    "Timestamp": now - datetime.timedelta(minutes=minutes),
                }
            ],
        )
    quotas = Quotas({ON_DEMAND: 40, SPOT: 28})
    item = found(quota_checks(subject(with_fakes(clients, quotas=quotas))))["quota-on-demand"]
    assert item.status is status
    assert item.detail.startswith(f"quota 40, {used} in use; ")
    assert ("nothing starts now" in item.detail) == (status is Status.WARNING)


def test_use_that_may_not_be_read_is_left_out(clients: Clients) -> None:
    class Denied:
        def get_metric_statistics(self, **_: object) -> None:
            raise refused("GetMetricStatistics", "AccessDenied")

    quotas = Quotas({ON_DEMAND: 40, SPOT: 28})
    items = found(quota_checks(subject(with_fakes(clients, quotas=quotas, cloudwatch=Denied()))))
    assert items["quota-on-demand"].detail.startswith("quota 40; ")


@pytest.mark.parametrize(
    ("active", "quota", "status", "detail"),
    [
        (2, 3, Status.OK, "2 active of 3"),
        (3, 3, Status.FAILED, "3 active of 3: not one more"),
        (1, 0, Status.UNKNOWN, "1 active; Service Quotas lists no quota"),
    ],
)
def test_active_clusters_are_counted(clients: Clients, active: int, quota: int, status: Status, detail: str) -> None:
    clients = with_fakes(clients, quotas=Quotas({}, clusters=quota), emr=Emr({}, active=active))
    item = found(quota_checks(subject(clients, demands=())))["quota-clusters"]
    assert item.status is status
    assert item.detail.startswith(detail)
    assert bool(item.fix) == (status is not Status.OK)
