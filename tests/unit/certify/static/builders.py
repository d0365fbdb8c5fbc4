"""Small definitions, written as people write them."""

from typing import Any

from scripts.certify.static import StaticReport

Body = dict[str, Any]

NATIVE = "arn:aws:states:::elasticmapreduce:"
RETRY: list[Body] = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}]
TAG = {"Key": "slow-lambda:execution", "Value.$": "$$.Execution.Id"}
STAGE = {"Key": "slow-lambda:stage", "Value": "dev"}


def catch(to: str, *errors: str) -> list[Body]:
    return [{"ErrorEquals": list(errors) or ["States.ALL"], "Next": to, "ResultPath": "$.error"}]


def task(resource: str, following: str | None, **fields: Any) -> Body:
    onwards: Body = {"Next": following} if following else {"End": True}
    body = {"Type": "Task", "Resource": resource, "TimeoutSeconds": 600, **onwards, **fields}
    return {name: value for name, value in body.items() if value is not None}


def create(following: str | None, **fields: Any) -> Body:
    parameters = {"Name": "c", "Tags": [TAG, STAGE], "AutoTerminationPolicy": {"IdleTimeout": 3600}}
    given: Body = {"Parameters": parameters, "ResultPath": "$.cluster", **fields}
    return task(f"{NATIVE}createCluster.sync", following, **given)


def step(following: str | None, **fields: Any) -> Body:
    parameters = {"ClusterId.$": "$.cluster.ClusterId", "Step": {"Name": "s", "ActionOnFailure": "TERMINATE_CLUSTER"}}
    given: Body = {"Parameters": parameters, "ResultPath": None, **fields}
    return task(f"{NATIVE}addStep.sync", following, **given)


def terminate(following: str | None, cluster: str = "$.cluster.ClusterId", **fields: Any) -> Body:
    given: Body = {"Parameters": {"ClusterId.$": cluster}, "Retry": RETRY, **fields}
    return task(f"{NATIVE}terminateCluster.sync", following, **given)


def reap(following: str | None, function: str = "reap_clusters", **fields: Any) -> Body:
    given: Body = {"Parameters": {"FunctionName": function}, "Retry": RETRY, **fields}
    return task("arn:aws:states:::lambda:invoke", following, **given)


def work(following: str | None, **fields: Any) -> Body:
    return task("arn:aws:states:::lambda:invoke", following, Parameters={"FunctionName": "work"}, **fields)


FAIL: Body = {"Type": "Fail", "Error": "Broken"}
SUCCEED: Body = {"Type": "Succeed"}


def machine(**states: Body) -> Body:
    return {"StartAt": next(iter(states)), "TimeoutSeconds": 86_400, "States": states}


def parallel(following: str | None, *branches: Body, **fields: Any) -> Body:
    onwards: Body = {"Next": following} if following else {"End": True}
    inner = [{name: branch[name] for name in ("StartAt", "States")} for branch in branches]
    return {"Type": "Parallel", "Branches": inner, "ResultPath": "$.branches", **onwards, **fields}


def each(following: str | None, body: Body, **fields: Any) -> Body:
    onwards: Body = {"Next": following} if following else {"End": True}
    inner = {name: body[name] for name in ("StartAt", "States")}
    return {"Type": "Map", "ItemProcessor": inner, "ResultPath": "$.items", **onwards, **fields}


def found(report: StaticReport) -> set[tuple[str, str]]:
    """Return rule and state of every finding."""
    return {(finding.rule, finding.state) for finding in report.findings}


def warned(report: StaticReport) -> set[tuple[str, str]]:
    return {(warning.rule, warning.state) for warning in report.warnings}
