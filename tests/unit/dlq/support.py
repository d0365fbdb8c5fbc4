"""Messages as the queue of rejected events holds them."""

import json
from typing import Any

ACCOUNT = "us-east-1:123456789012"
STARTS_ARN = f"arn:aws:sqs:{ACCOUNT}:slow-lambda-dev-starts"
REAP_ARN = f"arn:aws:lambda:{ACCOUNT}:function:slow-lambda-dev-reap-clusters"
SLOTS_ARN = f"arn:aws:lambda:{ACCOUNT}:function:slow-lambda-dev-grant-slots"

EVENT = {
    "id": "17793124",
    "time": "2026-11-12T00:00:00Z",
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "data"}, "object": {"key": "landing/tpch/_SUCCESS", "etag": "b194", "size": 0}},
}
START = {"job": "pricing-summary", "trigger": 0, "event": EVENT}
ENDED = {
    "id": "315c1398",
    "source": "aws.states",
    "detail-type": "Step Functions Execution Status Change",
    "detail": {"executionArn": "arn:x:run-1", "name": "run-1", "status": "FAILED"},
}
CLOCK = {
    "id": "1",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "time": "2026-11-12T00:00:00Z",
    "detail": {},
}


def rule(name: str, target: str, **others: str) -> dict[str, Any]:
    """Return the message attributes of a rule's event."""
    given = {
        "RULE_ARN": f"arn:aws:events:{ACCOUNT}:rule/slow-lambda-dev-{name}",
        "TARGET_ARN": target,
        "ERROR_CODE": "NO_PERMISSIONS",
        "ERROR_MESSAGE": "may not be called",
        "RETRY_ATTEMPTS": "0",
    }
    return _attributes({**given, **others})


def schedule(name: str, **others: str) -> dict[str, Any]:
    """Return the message attributes of a schedule's call."""
    given = {
        "SCHEDULE_ARN": f"arn:aws:scheduler:{ACCOUNT}:schedule/default/slow-lambda-dev-{name}",
        "TARGET_ARN": STARTS_ARN,
        "SCHEDULED_TIME": "2026-11-12T03:00:00Z",
        "ERROR_CODE": "AWS.SimpleQueueService.NonExistentQueue",
        "ERROR_MESSAGE": "The specified queue does not exist or you do not have access to it.",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "185",
    }
    return _attributes({**given, **others})


def failed_function(arn: str, payload: object, condition: str = "RetriesExhausted") -> str:
    """Return what Lambda sends to the destination of a failed invocation."""
    return json.dumps(
        {
            "version": "1.0",
            "requestContext": {"functionArn": f"{arn}:$LATEST", "condition": condition, "approximateInvokeCount": 3},
            "requestPayload": payload,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "ending cluster j-1: {denied}", "errorType": "ReapError"},
        }
    )


def _attributes(values: dict[str, str]) -> dict[str, Any]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
