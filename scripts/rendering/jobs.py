"""The CloudFormation part that every job adds: its state machine and the rules that start it."""

import json
from typing import Any

from lambdas.specs import Cluster, Job, ObjectCreated, load_cluster, load_jobs
from scripts.files import write_whole
from scripts.rendering.machine import has_policy, refuse_policy, render_machine
from scripts.rendering.paths import BUILD, JOBS_TEMPLATE

# An event whose machine cannot be started is tried again this long, then kept in the queue of rejected events.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
MAX_EVENT_AGE_SECONDS = 24 * 3600
MAX_RETRY_ATTEMPTS = 185


def logical_id(name: str) -> str:
    """CloudFormation's name for a job: ``pricing-summary`` becomes ``PricingSummary``."""
    return "".join(word.capitalize() for word in name.split("-"))


def job_resources(job: Job, cluster: Cluster) -> dict[str, Any]:
    """Resources and outputs of one job, in CloudFormation's long form."""
    name = logical_id(job.name)
    machine = f"{name}StateMachine"
    resources = {machine: _state_machine(job, cluster)}
    for number, trigger in enumerate(job.triggers):
        resources[f"{name}ObjectCreated{number or ''}"] = _object_created(job, machine, trigger.object_created, number)
    return {"Resources": resources, "Outputs": {machine: {"Value": {"Ref": machine}}}}


def _state_machine(job: Job, cluster: Cluster) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": f"slow-lambda-${{sls:stage}}-{job.name}",
            "StateMachineType": "STANDARD",
            "RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]},
            "DefinitionString": render_machine(job, cluster),
            "DefinitionSubstitutions": {
                "PlanRunArn": {"Fn::GetAtt": ["PlanRunLambdaFunction", "Arn"]},
                "RecordRunArn": {"Fn::GetAtt": ["RecordRunLambdaFunction", "Arn"]},
                "DiagnoseFailureArn": {"Fn::GetAtt": ["DiagnoseFailureLambdaFunction", "Arn"]},
                "ReapClustersArn": {"Fn::GetAtt": ["ReapClustersLambdaFunction", "Arn"]},
                "RunTopicArn": {"Ref": "RunTopic"},
                "LogBucket": {"Ref": "LogBucket"},
                "EmrServiceRole": {"Fn::GetAtt": ["EmrServiceRole", "Arn"]},
                "EmrNodeProfile": {"Ref": "EmrNodeProfile"},
                **({"EmrAutoScalingRole": {"Fn::GetAtt": ["EmrAutoScalingRole", "Arn"]}} if has_policy(job) else {}),
                "Stage": "${sls:stage}",
            },
        },
    }


def _object_created(job: Job, machine: str, trigger: ObjectCreated, number: int) -> dict[str, Any]:
    bucket, prefix = job.input.removeprefix("s3://").split("/", 1)
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": f"slow-lambda-${{sls:stage}}-{job.name}-{number}",
            "Description": f"Starts {job.name} when its marker object is created.",
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [{"Ref": "DataBucket"} if bucket == "${data_bucket}" else bucket]},
                    "object": {"key": [{"wildcard": f"{_escape(prefix)}*{_escape(trigger.suffix)}"}]},
                },
            },
            "Targets": [
                {
                    "Id": "machine",
                    "Arn": {"Ref": machine},
                    "RoleArn": {"Fn::GetAtt": ["StartMachineRole", "Arn"]},
                    "RetryPolicy": {
                        "MaximumEventAgeInSeconds": MAX_EVENT_AGE_SECONDS,
                        "MaximumRetryAttempts": MAX_RETRY_ATTEMPTS,
                    },
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["RejectedEvents", "Arn"]}},
                }
            ],
        },
    }


def _escape(text: str) -> str:
    """Take a literal text into a wildcard pattern.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
    """
    return text.replace("\\", "\\\\").replace("*", "\\*")


def render_jobs() -> list[Job]:
    """Render every job to ``build/``: its definition for people, and the part ``serverless.yml`` includes.

    Returns
    -------
    list of Job
        The jobs rendered, by name.
    """
    jobs = load_jobs()
    parts: dict[str, Any] = {"Resources": {}, "Outputs": {}}
    definitions = BUILD / "state_machines"
    for job in jobs:
        cluster = load_cluster(job.cluster)
        refuse_policy(job, cluster)
        write_whole(definitions / f"{job.name}.asl.json", render_machine(job, cluster))
        part = job_resources(job, cluster)
        parts["Resources"] |= part["Resources"]
        parts["Outputs"] |= part["Outputs"]
    write_whole(JOBS_TEMPLATE, json.dumps(parts, indent=2, ensure_ascii=False) + "\n")
    return jobs
