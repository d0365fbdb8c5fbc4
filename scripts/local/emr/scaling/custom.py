"""Custom automatic scaling: the rules of an instance group over CloudWatch datapoints.

"Using automatic scaling with a custom policy for instance groups in Amazon EMR",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html.
"""

import math
import operator
from collections.abc import Callable, Iterator, Sequence

from scripts.local.emr.model import Activity, Cluster, Market, Params, Pool
from scripts.local.emr.resizing import resize
from scripts.local.emr.scaling.metrics import METRIC_SECONDS, datapoint
from scripts.local.emr.world import World

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "SAMPLE_COUNT": len,
    "AVERAGE": lambda values: sum(values) / len(values),
    "SUM": sum,
    "MINIMUM": min,
    "MAXIMUM": max,
}
_PERCENT = 100


def has_policy(pool: Pool) -> bool:
    """Say whether a group has a scaling policy."""
    return "AutoScalingPolicy" in pool.config


def window_seconds(pool: Pool) -> float:
    """Return how far back the rules of a group look."""
    alarms = [rule["Trigger"]["CloudWatchAlarmDefinition"] for rule in _rules(pool)]
    return float(max(alarm["Period"] * alarm.get("EvaluationPeriods", 1) for alarm in alarms))


def evaluate(world: World, cluster: Cluster, pool: Pool, number: int) -> bool:
    """Act on the rules of a group after datapoint `number`; return whether they ask for anything.

    Nothing starts while the group resizes, nor within the cooldown of its last activity, whichever rule started that:
    `CoolDown` of https://docs.aws.amazon.com/emr/latest/APIReference/API_SimpleScalingPolicyConfiguration.html. Of
    several rules that fire, the one that leaves most instances counts, as with EC2 Auto Scaling:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scale-based-on-demand.html. EMR does not say.
    """
    market = Market(pool.config.get("Market", "ON_DEMAND"))
    current = pool.targets[market]
    asked = [(_count(pool, rule, current), rule) for rule in _rules(pool) if _is_breached(cluster, rule, number)]
    if not asked:
        return False
    count, rule = max(asked, key=lambda item: item[0])
    if count == current:
        return False
    if cluster.is_settled(pool) and not _is_cooling(pool, world.now()):
        pool.targets[market] = count
        pool.activity = Activity(float(_action(rule).get("CoolDown", 0)))
        resize(world, cluster, pool)
    return True


def note_end(cluster: Cluster, pool: Pool, now: float) -> None:
    """Let the cooldown begin once the group has its size."""
    if pool.activity and pool.activity.ended is None and cluster.is_settled(pool):
        pool.activity.ended = now


def _is_cooling(pool: Pool, now: float) -> bool:
    return (
        pool.activity is not None
        and pool.activity.ended is not None
        and now < pool.activity.ended + pool.activity.cooldown
    )


def _rules(pool: Pool) -> list[Params]:
    return list(pool.config["AutoScalingPolicy"]["Rules"])


def _action(rule: Params) -> Params:
    return dict(rule["Action"]["SimpleScalingPolicyConfiguration"])


def _is_breached(cluster: Cluster, rule: Params, number: int) -> bool:
    """Say whether an alarm's last periods all breach its threshold, the last of them ending at datapoint `number`.

    EMR's metrics are five minutes apart, so a Period that is no multiple of that never has enough data: `Period` of
    https://docs.aws.amazon.com/emr/latest/APIReference/API_CloudWatchAlarmDefinition.html.
    """
    alarm = rule["Trigger"]["CloudWatchAlarmDefinition"]
    points, rest = divmod(alarm["Period"], METRIC_SECONDS)
    if rest or points < 1:
        return False
    breaches = _OPERATORS[alarm["ComparisonOperator"]]
    summarise = _STATISTICS[alarm.get("Statistic", "AVERAGE")]
    return all(
        None not in values and breaches(summarise([value for value in values if value is not None]), alarm["Threshold"])
        for values in _periods(cluster, alarm, number, points)
    )


def _periods(cluster: Cluster, alarm: Params, number: int, points: int) -> Iterator[list[float | None]]:
    for period in range(alarm.get("EvaluationPeriods", 1)):
        last = number - period * points
        yield [datapoint(cluster, alarm["MetricName"], index) for index in range(last - points + 1, last + 1)]


def _count(pool: Pool, rule: Params, current: int) -> int:
    """Return the instances a rule asks for, within the policy's limits.

    A percentage is rounded as EC2 Auto Scaling does, which changes one instance at least: "Step and simple scaling
    policies", https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html.
    """
    action = _action(rule)
    by = action["ScalingAdjustment"]
    match action.get("AdjustmentType", "CHANGE_IN_CAPACITY"):
        case "EXACT_CAPACITY":
            count = by
        case "PERCENT_CHANGE_IN_CAPACITY":
            change = current * by / _PERCENT
            count = current + (int(math.copysign(1, change)) if 0 < abs(change) < 1 else int(change))
        case _:
            count = current + by
    limits = pool.config["AutoScalingPolicy"]["Constraints"]
    return int(max(limits["MinCapacity"], min(limits["MaxCapacity"], count)))
