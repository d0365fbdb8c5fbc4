"""The CloudFormation part that every job adds: its state machine and what starts it."""

import json
from typing import Any

from lambdas.specs import Cluster, Job, load_cluster, load_jobs
from scripts.files import write_whole
from scripts.rendering.archive import archive_resources
from scripts.rendering.machine import has_policy, refuse_policy, render_machine
from scripts.rendering.paths import BUILD, JOBS_TEMPLATE
from scripts.rendering.triggers import trigger_resources


def logical_id(name: str) -> str:
    """CloudFormation's name for a job: ``pricing-summary`` becomes ``PricingSummary``."""
    return "".join(word.capitalize() for word in name.split("-"))


def job_resources(job: Job, cluster: Cluster) -> dict[str, Any]:
    """Resources and outputs of one job, in CloudFormation's long form."""
    name = logical_id(job.name)
    machine = f"{name}StateMachine"
    resources = {machine: _state_machine(job, cluster), **trigger_resources(job, name)}
    return {"Resources": resources, "Outputs": {machine: {"Value": {"Ref": machine}}}}


def _state_machine(job: Job, cluster: Cluster) -> dict[str, Any]:
    has_slots = job.limits.concurrent_runs is not None
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": f"slow-lambda-${{sls:stage}}-{job.name}",
            "StateMachineType": "STANDARD",
            "RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]},
            "DefinitionString": render_machine(job, cluster),
            # ERROR: Step Functions keeps what went well for 90 days, and the record of a run for longer.
            "LoggingConfiguration": {
                "Level": "ERROR",
                "IncludeExecutionData": True,
                "Destinations": [
                    {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["MachineLogGroup", "Arn"]}}}
                ],
            },
            "TracingConfiguration": {"Enabled": True},
            "Tags": [
                {"Key": "project", "Value": "slow-lambda"},
                {"Key": "stage", "Value": "${sls:stage}"},
                {"Key": "job", "Value": job.name},
            ],
            "DefinitionSubstitutions": {
                "PlanRunArn": {"Fn::GetAtt": ["PlanRunLambdaFunction", "Arn"]},
                "RecordRunArn": {"Fn::GetAtt": ["RecordRunLambdaFunction", "Arn"]},
                "DiagnoseFailureArn": {"Fn::GetAtt": ["DiagnoseFailureLambdaFunction", "Arn"]},
                "ReapClustersArn": {"Fn::GetAtt": ["ReapClustersLambdaFunction", "Arn"]},
                **({"GrantSlotsArn": {"Fn::GetAtt": ["GrantSlotsLambdaFunction", "Arn"]}} if has_slots else {}),
                "RunTopicArn": {"Ref": "RunTopic"},
                "LogBucket": {"Ref": "LogBucket"},
                "EmrServiceRole": {"Fn::GetAtt": ["EmrServiceRole", "Arn"]},
                "EmrNodeProfile": {"Ref": "EmrNodeProfile"},
                "EmrSecurityConfiguration": {"Ref": "EmrSecurityConfiguration"},
                "EmrPrimaryGroup": {"Fn::GetAtt": ["EmrPrimaryGroup", "GroupId"]},
                "EmrWorkerGroup": {"Fn::GetAtt": ["EmrWorkerGroup", "GroupId"]},
                "EmrServiceGroup": {"Fn::GetAtt": ["EmrServiceGroup", "GroupId"]},
                **({"EmrAutoScalingRole": {"Fn::GetAtt": ["EmrAutoScalingRole", "Arn"]}} if has_policy(job) else {}),
                "Stage": "${sls:stage}",
            },
        },
    }


def render_jobs() -> list[Job]:
    """Render every job to ``build/``: its definition for people, and the part ``serverless.yml`` includes.

    Returns
    -------
    list of Job
        The jobs rendered, by name.
    """
    jobs = load_jobs()
    parts: dict[str, Any] = archive_resources(jobs)
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
