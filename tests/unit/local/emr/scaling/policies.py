"""Scaling policies to test with, and what becomes of the nodes."""

from typing import Any

from tests.unit.local.emr.lab import Lab

READY = 390.0
"""Seconds from the launch of a cluster or node until it serves."""


def rule(name: str, by: int, operator: str, threshold: float, **more: Any) -> dict[str, Any]:
    """Return a rule; of `more`, CoolDown and AdjustmentType belong to its action, the rest to its alarm."""
    action = {key: more.pop(key) for key in ("CoolDown", "AdjustmentType") if key in more}
    alarm = {
        "ComparisonOperator": operator,
        "MetricName": "YARNMemoryAvailablePercentage",
        "Period": 300,
        "Threshold": float(threshold),
        "Dimensions": [{"Key": "JobFlowId", "Value": "${emr.clusterId}"}],
    }
    return {
        "Name": name,
        "Action": {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": by} | action},
        "Trigger": {"CloudWatchAlarmDefinition": alarm | more},
    }


def out(by: int = 1, threshold: float = 15, **more: Any) -> dict[str, Any]:
    return rule(more.pop("name", "out"), by, "LESS_THAN", threshold, **more)


def into(by: int = -1, threshold: float = 75, **more: Any) -> dict[str, Any]:
    return rule(more.pop("name", "in"), by, "GREATER_THAN", threshold, **more)


def policy(*rules: dict[str, Any], lowest: int = 0, highest: int = 10) -> dict[str, Any]:
    return {"Constraints": {"MinCapacity": lowest, "MaxCapacity": highest}, "Rules": list(rules)}


def scaled_by(*rules: dict[str, Any], lowest: int = 0, highest: int = 10, **group: Any) -> dict[str, Any]:
    """Return what `cluster_of` needs to make a cluster whose task group has a policy."""
    attached = {"AutoScalingPolicy": policy(*rules, lowest=lowest, highest=highest)}
    return {"task_group": group | attached, "AutoScalingRole": "scaling"}


def managed(lowest: int, highest: int, unit: str = "Instances", **more: Any) -> dict[str, Any]:
    """Return what a request needs to have a managed scaling policy: `core`, `on_demand`, `index`."""
    limits = {"UnitType": unit, "MinimumCapacityUnits": lowest, "MaximumCapacityUnits": highest}
    names = {"core": "MaximumCoreCapacityUnits", "on_demand": "MaximumOnDemandCapacityUnits"}
    limits |= {names[key]: value for key, value in more.items() if key in names}
    advanced = {"ScalingStrategy": "ADVANCED", "UtilizationPerformanceIndex": more["index"]} if "index" in more else {}
    return {"ManagedScalingPolicy": {"ComputeLimits": limits} | advanced}


def task_count(lab: Lab, cluster_id: str) -> int:
    """Return the number of instances the task group is asked to have."""
    listed = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"]
    return int(next(item["RequestedInstanceCount"] for item in listed if item["InstanceGroupType"] == "TASK"))
