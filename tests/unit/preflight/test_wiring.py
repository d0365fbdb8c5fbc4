"""Machines, rules, topic and queue in moto."""

import json

from lambdas import aws
from scripts.preflight.items import Item, Status
from scripts.preflight.subject import Clients
from scripts.preflight.wiring import wiring_checks
from tests.unit.preflight.support import ACCOUNT, deployed, found, resources, subject

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
DEFINITION = json.dumps({"StartAt": "x", "States": {"x": {"Type": "Pass", "End": True}}})
MACHINES = {"PricingSummaryStateMachine": "pricing-summary", "ShippingReportStateMachine": "shipping-report"}


class Stage:
    """What starts the runs of a stage."""

    def __init__(self) -> None:
        sfn = aws.stepfunctions()
        self.outputs = {
            output: sfn.create_state_machine(name=f"slow-lambda-dev-{job}", definition=DEFINITION, roleArn=ROLE)[
                "stateMachineArn"
            ]
            for output, job in MACHINES.items()
        }
        for name in ("sweep", "execution-ended"):
            aws.events().put_rule(Name=f"slow-lambda-dev-{name}", ScheduleExpression="rate(15 minutes)")
        self.outputs["RunTopic"] = aws.sns().create_topic(Name="runs")["TopicArn"]
        self.outputs["RejectedEvents"] = aws.sqs().create_queue(QueueName="rejected")["QueueUrl"]

    def look(self, clients: Clients) -> dict[str, Item]:
        rule = "AWS::Events::Rule"
        rules = resources(
            Sweep=(rule, "slow-lambda-dev-sweep"),
            Ended=(rule, "slow-lambda-dev-execution-ended"),
            Data=("AWS::S3::Bucket", "data"),
        )
        return found(wiring_checks(subject(clients, deployed=deployed(outputs=self.outputs, resources=rules))))


def test_a_sound_stage_is_fine_once_somebody_has_subscribed(clients: Clients) -> None:
    stage = Stage()
    items = stage.look(clients)
    assert items["topic"].status is Status.WARNING
    assert f"aws sns subscribe --topic-arn {stage.outputs['RunTopic']}" in items["topic"].fix
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:rejected"
    aws.sns().subscribe(TopicArn=stage.outputs["RunTopic"], Protocol="sqs", Endpoint=queue)
    items = stage.look(clients)
    assert {item.status for item in items.values()} == {Status.OK}
    assert (items["machines"].detail, items["rules"].detail) == ("2 active", "2 enabled")


def test_machines_that_are_gone_are_named(clients: Clients) -> None:
    stage = Stage()
    aws.stepfunctions().delete_state_machine(stateMachineArn=stage.outputs["PricingSummaryStateMachine"])
    del stage.outputs["ShippingReportStateMachine"]
    item = stage.look(clients)["machines"]
    assert item.status is Status.FAILED
    assert set(item.detail.removeprefix("there is no state machine of ").split(", ")) == set(MACHINES.values())


def test_rules_that_are_off_or_gone_are_named(clients: Clients) -> None:
    stage = Stage()
    aws.events().disable_rule(Name="slow-lambda-dev-sweep")
    item = stage.look(clients)["rules"]
    assert item.status is Status.FAILED
    assert item.fix == "aws events enable-rule --name slow-lambda-dev-sweep"
    aws.events().delete_rule(Name="slow-lambda-dev-sweep")
    assert stage.look(clients)["rules"].detail == "deleted: slow-lambda-dev-sweep"


def test_rejected_events_are_counted(clients: Clients) -> None:
    stage = Stage()
    aws.sqs().send_message(QueueUrl=stage.outputs["RejectedEvents"], MessageBody="x")
    item = stage.look(clients)["rejected-events"]
    assert (item.status, item.detail) == (Status.WARNING, "1 could not be started or ended")
    assert item.fix == "slow-lambda dlq list --stage dev"


def test_before_a_deployment_there_is_nothing_to_look_at(clients: Clients) -> None:
    assert found(wiring_checks(subject(clients))) == {}
