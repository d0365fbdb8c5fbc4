"""Custom automatic scaling against traces computed by hand.

A worker holds 4 containers, the core group is one worker. A datapoint falls due every 300 s from readiness, which is
also the start of the step; a node launched then serves 390 s later.
"""

from typing import Any

import pytest

from scripts.local.emr.errors import EmrApiError
from tests.unit.local.emr.lab import Lab, fleets, groups
from tests.unit.local.emr.loads import cluster_of, lab_with, phases, since, started
from tests.unit.local.emr.scaling.policies import READY, into, managed, out, policy, rule, scaled_by, task_count


def test_out_after_one_breach() -> None:
    lab = lab_with(phases((1000, 8)))
    moment = lab.start + READY
    cluster_id = started(lab, cluster_of(core=1, **scaled_by(out(by=1), highest=1)))
    lab.clock.sleep(1500)
    # 300: 4 of 4 in use, 0 % < 15 %, so +1. It serves at 690, when 690 x 4 = 2760 of 8000 are done: 5240 / 8 = 655.
    assert since(lab, cluster_id, moment) == [(0, 8, 4, 4, 1), (690, 8, 8, 8, 2), (1345, 0, 0, 8, 2)]


def test_out_twice_with_a_cooldown() -> None:
    lab = lab_with(phases((1000, 12)))
    moment = lab.start + READY
    cluster_id = started(lab, cluster_of(core=1, **scaled_by(out(by=1, CoolDown=300))))
    lab.clock.sleep(1700)
    # 300: +1, serves at 690. 600: still resizing. 900: cooling until 990. 1200: +1, serves at 1590. 1500: resizing.
    # 690 x 4 + 900 x 8 = 9960 of 12000; 2040 / 12 = 170.
    expected = [(0, 12, 4, 4, 1), (690, 12, 8, 8, 2), (1590, 12, 12, 12, 3)]
    assert since(lab, cluster_id, moment) == expected
    lab.clock.sleep(100)
    assert since(lab, cluster_id, moment) == [*expected, (1760, 0, 0, 12, 3)]


@pytest.mark.parametrize(("cooldown", "second"), [(0, 900), (210, 900), (211, 1200), (511, 1500)])
def test_the_cooldown_counts_from_the_end_of_the_activity(cooldown: int, second: int) -> None:
    lab = lab_with(phases((4000, 40)))
    cluster_id = started(lab, cluster_of(core=1, **scaled_by(out(by=1, CoolDown=cooldown))))
    # The first activity is over at 690: 690 + 210 = 900.
    lab.clock.sleep(second - 1)
    assert task_count(lab, cluster_id) == 1
    lab.clock.sleep(1)
    assert task_count(lab, cluster_id) == 2


def test_in_needs_all_its_periods() -> None:
    lab = lab_with(phases((700, 2), (300, 16), (2000, 2)))
    moment = lab.start + READY
    rules = scaled_by(into(by=-2, threshold=75, EvaluationPeriods=3))
    cluster_id = started(lab, cluster_of(core=1, task=3, **rules))
    lab.clock.sleep(4000)
    # 2 of 16 in use is 87.5 % available: 300 and 600 breach, 900 does not (0 %), which is 2 of 3.
    # 1200, 1500 and 1800 breach: -2. All containers are on the core node, so two idle nodes leave at once.
    # 2100: 2 of 8 in use, 75 % is not over 75 %. From 3000 on nothing runs: 3300, 3600, 3900 breach: 1 - 2, 0 at least.
    assert since(lab, cluster_id, moment) == [
        (0, 2, 2, 16, 4),
        (700, 16, 16, 16, 4),
        (1000, 2, 2, 16, 4),
        (1800, 2, 2, 8, 2),
        (3000, 0, 0, 8, 2),
        (3900, 0, 0, 4, 1),
    ]


def test_busy_nodes_are_decommissioned() -> None:
    lab = lab_with(phases((1000, 10)))
    moment = lab.start + READY
    cluster_id = started(lab, cluster_of(core=1, task=3, **scaled_by(into(by=-2, threshold=30))))
    lab.clock.sleep(2000)
    # 300: 10 of 16 in use, 37.5 % available: -2. The idle node goes at once, the one with 2 containers 60 s later.
    # 360 x 10 = 3600 of 10000; 6400 / 8 = 800. 600 and 900: 0 %. From 1160 on nothing runs: 1200: 100 %, -1.
    assert since(lab, cluster_id, moment) == [
        (0, 10, 10, 16, 4),
        (300, 10, 10, 10, 3),
        (360, 10, 8, 8, 2),
        (1160, 0, 0, 8, 2),
        (1200, 0, 0, 4, 1),
    ]


@pytest.mark.parametrize(
    ("kind", "by", "before", "after"),
    [
        ("CHANGE_IN_CAPACITY", 2, 3, 5),
        ("CHANGE_IN_CAPACITY", 20, 3, 8),  # at most 8
        ("CHANGE_IN_CAPACITY", -1, 3, 2),
        ("CHANGE_IN_CAPACITY", -9, 3, 2),  # at least 2
        ("EXACT_CAPACITY", 6, 3, 6),
        ("EXACT_CAPACITY", 100, 3, 8),
        ("PERCENT_CHANGE_IN_CAPACITY", 50, 5, 7),  # 2.5
        ("PERCENT_CHANGE_IN_CAPACITY", 10, 3, 4),  # 0.3, one at least
        ("PERCENT_CHANGE_IN_CAPACITY", -10, 3, 2),
        ("PERCENT_CHANGE_IN_CAPACITY", -50, 7, 4),  # -3.5
    ],
)
def test_adjustments_stay_within_the_limits(kind: str, by: int, before: int, after: int) -> None:
    lab = lab_with(phases((4000, 400)))
    rules = scaled_by(out(by=by, AdjustmentType=kind, CoolDown=99_999), lowest=2, highest=8)
    cluster_id = started(lab, cluster_of(core=1, task=before, **rules))
    lab.clock.sleep(2000)
    assert task_count(lab, cluster_id) == after


def test_of_two_rules_that_fire_the_one_that_leaves_more_counts() -> None:
    lab = lab_with(phases((4000, 40)))
    pending = rule("pending", 3, "GREATER_THAN_OR_EQUAL", 36, MetricName="ContainerPending")
    less = rule("less", -1, "GREATER_THAN", 0, MetricName="ContainerAllocated")
    cluster_id = started(lab, cluster_of(core=1, **scaled_by(out(by=1), pending, less)))
    lab.clock.sleep(300)
    # 40 wanted, 4 running: 36 pending, 0 % available; +1, +3 and -1 all fire.
    assert task_count(lab, cluster_id) == 3


@pytest.mark.parametrize(
    ("alarm", "fires"),
    # Until 400 s 2 of 8 containers run (75 % available, 0 pending), then 8 of 20 wanted (0 %, 12 pending).
    [
        ({"Threshold": 50.0}, True),
        ({"Threshold": 0.0}, False),  # 0 is not less than 0
        ({"Threshold": 0.0, "ComparisonOperator": "LESS_THAN_OR_EQUAL"}, True),
        ({"Threshold": 50.0, "EvaluationPeriods": 2}, False),
        ({"Threshold": 38.0, "Period": 600}, True),  # (75 + 0) / 2 = 37.5
        ({"Threshold": 37.5, "Period": 600}, False),
        ({"Threshold": 1.0, "Period": 600, "Statistic": "MINIMUM"}, True),
        ({"Threshold": 74.0, "Period": 600, "Statistic": "MAXIMUM"}, False),
        ({"Threshold": 75.0, "Period": 600, "Statistic": "SUM"}, False),
        ({"Threshold": 3.0, "Period": 600, "Statistic": "SAMPLE_COUNT"}, True),
        ({"Threshold": 50.0, "Period": 180}, False),  # never enough data
        ({"Threshold": 50.0, "Period": 450}, False),
        ({"Threshold": 1.5, "MetricName": "ContainerPendingRatio", "ComparisonOperator": "GREATER_THAN"}, False),
        ({"Threshold": 1.4, "MetricName": "ContainerPendingRatio", "ComparisonOperator": "GREATER_THAN"}, True),
        ({"Threshold": 1.0, "MetricName": "MemoryAvailableMB"}, True),
        ({"Threshold": 1.0, "MetricName": "AppsPending"}, True),
        ({"Threshold": 9.0, "MetricName": "NoSuchMetric"}, False),
    ],
)
def test_alarms(alarm: dict[str, Any], fires: bool) -> None:
    lab = lab_with(phases((400, 2), (1000, 20)))
    # The policy is attached before the second datapoint; the first was taken all the same.
    cluster_id = started(lab, cluster_of(core=1, task=1, AutoScalingRole="scaling"))
    lab.clock.sleep(500)
    attached = policy(rule("out", 1, "LESS_THAN", 0.0, **alarm))
    put(lab, cluster_id, attached)
    lab.clock.sleep(101)
    assert task_count(lab, cluster_id) == (2 if fires else 1)


def put(lab: Lab, cluster_id: str, attached: dict[str, Any]) -> dict[str, Any]:
    listed = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"]
    group_id = next(item["Id"] for item in listed if item["InstanceGroupType"] == "TASK")
    return lab.call("PutAutoScalingPolicy", ClusterId=cluster_id, InstanceGroupId=group_id, AutoScalingPolicy=attached)


def test_a_step_without_a_load_gives_no_data() -> None:
    lab = Lab()
    cluster_id = started(lab, cluster_of(core=1, task=2, **scaled_by(out(), into())), *["unknown"] * 20)
    lab.clock.sleep(2000)
    assert task_count(lab, cluster_id) == 2


def test_a_policy_may_be_taken_back() -> None:
    lab = lab_with(phases((4000, 40)))
    cluster_id = started(lab, cluster_of(core=1, AutoScalingRole="scaling"))
    shown = put(lab, cluster_id, policy(out()))
    assert shown["AutoScalingPolicy"]["Status"]["State"] == "ATTACHED"
    lab.clock.sleep(299)
    lab.call("RemoveAutoScalingPolicy", ClusterId=cluster_id, InstanceGroupId=shown["InstanceGroupId"])
    lab.clock.sleep(2000)
    assert task_count(lab, cluster_id) == 0


def test_an_ending_cluster_is_not_scaled() -> None:
    lab = lab_with(phases((4000, 40)))
    cluster_id = started(lab, cluster_of(core=1, **scaled_by(out())))
    lab.clock.sleep(250)
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    lab.clock.sleep(60)
    assert task_count(lab, cluster_id) == 0


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (cluster_of(), "AutoScalingRole"),
        (cluster_of(AutoScalingRole="scaling", **managed(1, 2)), "both"),
    ],
)
def test_refused_policies(request_: dict[str, Any], text: str) -> None:
    lab = Lab()
    cluster_id = lab.ready(request_)
    with pytest.raises(EmrApiError, match=text):
        put(lab, cluster_id, policy(out()))


def test_fleets_and_the_primary_group_take_no_policy() -> None:
    lab = Lab()
    by_fleet, by_group = lab.run(fleets()), lab.run(groups(AutoScalingRole="scaling"))
    primary = lab.call("ListInstanceGroups", ClusterId=by_group)["InstanceGroups"][0]["Id"]
    for cluster_id, text in ((by_fleet, "instance fleets"), (by_group, "master")):
        with pytest.raises(EmrApiError, match=text):
            lab.call(
                "PutAutoScalingPolicy", ClusterId=cluster_id, InstanceGroupId=primary, AutoScalingPolicy=policy(out())
            )
