"""A custom policy as EMR takes it with an instance group."""

from collections.abc import Sequence
from typing import Any

from lambdas.scaling.alarms import alarm_of
from lambdas.specs.scaling import Rule


def auto_scaling_policy(rules: Sequence[Rule], minimum: int, maximum: int) -> dict[str, Any]:
    """Return the ``AutoScalingPolicy`` of one task group; ``minimum`` and ``maximum`` are its nodes.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_AutoScalingPolicy.html
    """
    return {
        "Constraints": {"MinCapacity": minimum, "MaxCapacity": maximum},
        "Rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    change = {
        "AdjustmentType": "CHANGE_IN_CAPACITY",
        "ScalingAdjustment": rule.change,
        "CoolDown": rule.cooldown,
    }
    return {
        "Name": rule.name,
        "Action": {"SimpleScalingPolicyConfiguration": change},
        "Trigger": {"CloudWatchAlarmDefinition": alarm_of(rule)},
    }
