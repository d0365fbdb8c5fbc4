"""The alarms EMR can watch: what a rule asks for, in periods of the metrics EMR publishes."""

from typing import Any

from lambdas.specs.scaling import METRICS, Rule

# EMR publishes its metrics every five minutes; an alarm over a shorter period would look at nothing.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_CloudWatchAlarmDefinition.html
PERIOD_SECONDS = 300
NAMESPACE = "AWS/ElasticMapReduce"

# EMR puts the id of the cluster here.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html
CLUSTER_ID = "${emr.clusterId}"

_OPERATORS = {
    "<": "LESS_THAN",
    "<=": "LESS_THAN_OR_EQUAL",
    ">": "GREATER_THAN",
    ">=": "GREATER_THAN_OR_EQUAL",
}
_WORDS = {"<": "under", "<=": "at most", ">": "over", ">=": "at least"}
_SECONDS_PER_MINUTE = 60


def periods_of(held: int) -> int:
    """Return how many periods come nearest to some seconds; at least one."""
    return max(1, round(held / PERIOD_SECONDS))


def alarm_of(rule: Rule) -> dict[str, Any]:
    """Return ``CloudWatchAlarmDefinition``: the nearest legal alarm to what a rule asks for."""
    condition = rule.when
    return {
        "ComparisonOperator": _OPERATORS[condition.operator],
        "MetricName": condition.metric,
        "Namespace": NAMESPACE,
        "Statistic": "AVERAGE",
        "Unit": METRICS[condition.metric].unit,
        "Threshold": float(condition.threshold),
        "Period": PERIOD_SECONDS,
        "EvaluationPeriods": periods_of(rule.held),
        "Dimensions": [{"Key": "JobFlowId", "Value": CLUSTER_ID}],
    }


def rounded(rule: Rule) -> str | None:
    """Say what an alarm watches instead of what its rule asks for; ``None`` when it is the same."""
    periods = periods_of(rule.held)
    if periods * PERIOD_SECONDS == rule.held:
        return None
    what = "one period" if periods == 1 else f"{periods} periods"
    return (
        f"{rule.name}: {rule.when.metric} {_condition_words(rule)} for {_duration(rule.held)} becomes {what} of "
        f"{_duration(PERIOD_SECONDS)}: EMR publishes its metrics every {PERIOD_SECONDS} s"
    )


def _condition_words(rule: Rule) -> str:
    """Say a rule's condition without its metric, such as ``over 75 %``."""
    unit = " %" if METRICS[rule.when.metric].unit == "PERCENT" else ""
    return f"{_WORDS[rule.when.operator]} {rule.when.threshold}{unit}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, _SECONDS_PER_MINUTE)
    if rest:
        return f"{seconds:,} seconds"
    return "1 minute" if minutes == 1 else f"{minutes:,} minutes"
