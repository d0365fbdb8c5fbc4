"""What starts runs and tells of them: machines, rules, the topic, and the queue of rejected events."""

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import ClientError

from scripts.preflight.items import Check, Found, code_of, failed, ok, warning
from scripts.preflight.subject import Deployed, Subject
from scripts.rendering.jobs import logical_id

# What SNS answers in place of an ARN until the address has confirmed.
# https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
_PENDING = "PendingConfirmation"


def wiring_checks(subject: Subject) -> Iterator[Check]:
    """Look at what a deployment starts runs with."""
    deployed = subject.deployed
    if deployed is None:
        return
    yield Check("machines", "State machines of the jobs", partial(_machines, subject, deployed))
    yield Check("rules", "Rules of EventBridge", partial(_rules, subject, deployed))
    yield Check("topic", "Subscribers of the topic", partial(_topic, subject, deployed))
    yield Check("rejected-events", "Rejected events", partial(_rejected, subject, deployed))


def _machines(subject: Subject, deployed: Deployed) -> Found:
    names = {job.name: deployed.outputs.get(f"{logical_id(job.name)}StateMachine") for job in subject.jobs}
    missing = [job for job, arn in names.items() if arn is None]
    for job, arn in names.items():
        if arn is not None and not _is_active(subject, arn):
            missing.append(job)
    if missing:
        return failed(f"there is no state machine of {', '.join(missing)}", "deploy the stage again")
    return ok(f"{len(names)} active")


def _is_active(subject: Subject, arn: str) -> bool:
    try:
        return subject.clients.stepfunctions.describe_state_machine(stateMachineArn=arn).get("status") == "ACTIVE"
    except ClientError as error:
        if code_of(error) != "StateMachineDoesNotExist":
            raise
        return False


def _rules(subject: Subject, deployed: Deployed) -> Found:
    pages = subject.clients.events.get_paginator("list_rules").paginate(NamePrefix=f"slow-lambda-{subject.stage}-")
    found = {rule.get("Name", ""): rule.get("State", "") for page in pages for rule in page["Rules"]}
    names = [resource.name.rpartition("|")[2] for resource in deployed.of_type("AWS::Events::Rule").values()]
    missing = [name for name in names if name not in found]
    disabled = [name for name in names if found.get(name) == "DISABLED"]
    if missing:
        return failed(f"deleted: {', '.join(missing)}", "deploy the stage again")
    if disabled:
        return failed(
            f"disabled: {', '.join(disabled)}; what they start does not start",
            "; ".join(f"aws events enable-rule --name {name}" for name in disabled),
        )
    return ok(f"{len(names)} enabled")


def _topic(subject: Subject, deployed: Deployed) -> Found:
    topic = deployed.outputs.get("RunTopic", "")
    pages = subject.clients.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    arns = [each.get("SubscriptionArn", "") for page in pages for each in page["Subscriptions"]]
    confirmed = [arn for arn in arns if arn != _PENDING]
    if confirmed:
        return ok(f"{len(confirmed)} confirmed")
    waiting = f"; {len(arns)} have not confirmed yet" if arns else ""
    return warning(
        f"nobody hears of failed runs and alarms{waiting}",
        f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint you@example.com",
    )


def _rejected(subject: Subject, deployed: Deployed) -> Found:
    answer = subject.clients.sqs.get_queue_attributes(
        QueueUrl=deployed.outputs.get("RejectedEvents", ""), AttributeNames=["ApproximateNumberOfMessages"]
    )
    count = int(answer.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))
    if count:
        return warning(f"{count} could not be started or ended", f"slow-lambda dlq list --stage {subject.stage}")
    return ok("none")
