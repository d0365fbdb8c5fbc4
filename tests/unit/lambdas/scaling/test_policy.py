"""A policy in EMR's names, and its alarms: the nearest that can be had to what was asked for."""

from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from lambdas.scaling.alarms import PERIOD_SECONDS, periods_of, rounded
from lambdas.scaling.policy import auto_scaling_policy
from lambdas.specs.scaling import METRICS, Rule

SHAPE = get_session().get_service_model("emr").shape_for("AutoScalingPolicy")


def rule(when: str, held: str = "5m", **change: int) -> Rule:
    return Rule.model_validate({"name": "a-rule", "when": when, "for": held, "cooldown": "10m", **change})


RULES = st.builds(
    lambda metric, operator, threshold, held, change: rule(f"{metric} {operator} {threshold}", f"{held}s", **change),
    st.sampled_from(list(METRICS)),
    st.sampled_from(["<", "<=", ">", ">="]),
    st.integers(0, 100_000),
    st.integers(1, 100_000),
    st.one_of(st.builds(dict, add=st.integers(1, 50)), st.builds(dict, remove=st.integers(1, 50))),
)


@given(RULES)
def test_botocore_takes_it(each: Rule) -> None:
    policy = auto_scaling_policy([each], 0, 20)
    assert not ParamValidator().validate(policy, SHAPE).has_errors()
    alarm = alarm_of(policy)
    assert alarm["Period"] == 300
    assert abs(alarm["EvaluationPeriods"] * 300 - each.held) <= max(150, 300 - each.held)


def alarm_of(policy: dict[str, Any]) -> dict[str, Any]:
    (only,) = policy["Rules"]
    found: dict[str, Any] = only["Trigger"]["CloudWatchAlarmDefinition"]
    return found


def test_all_that_emr_is_told() -> None:
    policy = auto_scaling_policy([rule("ContainerPendingRatio >= 0.75", "15m", remove=2)], 1, 9)
    assert policy == {
        "Constraints": {"MinCapacity": 1, "MaxCapacity": 9},
        "Rules": [
            {
                "Name": "a-rule",
                "Action": {
                    "SimpleScalingPolicyConfiguration": {
                        "AdjustmentType": "CHANGE_IN_CAPACITY",
                        "ScalingAdjustment": -2,
                        "CoolDown": 600,
                    }
                },
                "Trigger": {
                    "CloudWatchAlarmDefinition": {
                        "ComparisonOperator": "GREATER_THAN_OR_EQUAL",
                        "MetricName": "ContainerPendingRatio",
                        "Namespace": "AWS/ElasticMapReduce",
                        "Statistic": "AVERAGE",
                        "Unit": "COUNT",
                        "Threshold": 0.75,
                        "Period": 300,
                        "EvaluationPeriods": 3,
                        "Dimensions": [{"Key": "JobFlowId", "Value": "${emr.clusterId}"}],
                    }
                },
            }
        ],
    }


@pytest.mark.parametrize(("held", "periods"), [(1, 1), (180, 1), (300, 1), (449, 1), (451, 2), (600, 2), (1_500, 5)])
def test_the_nearest_number_of_periods(held: int, periods: int) -> None:
    assert periods_of(held) == periods


@given(RULES)
def test_only_what_is_changed_is_said(each: Rule) -> None:
    assert (rounded(each) is None) is (each.held % PERIOD_SECONDS == 0)


@pytest.mark.parametrize(
    ("when", "held", "words"),
    [
        ("YARNMemoryAvailablePercentage > 75", "3m", "over 75 % for 3 minutes becomes one period of 5 minutes: EMR"),
        ("ContainerPending >= 10", "1m", "at least 10 for 1 minute becomes one period of 5 minutes"),
        ("MemoryAvailableMB < 2048", "501s", "under 2048 for 501 seconds becomes 2 periods of 5 minutes"),
    ],
)
def test_what_is_changed_in_words(when: str, held: str, words: str) -> None:
    said = rounded(rule(when, held, add=1))
    assert said is not None
    assert words in said
