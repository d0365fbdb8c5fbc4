"""What is certified: a job's machine, and the nets of its deployment, read from the CloudFormation template."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.specs import Job
from scripts.certify.dynamic.nets import Deployed
from scripts.certify.dynamic.run import Machine
from scripts.local.in_process import rendered_definition
from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

_REAPER = {"Fn::GetAtt": ["ReapClustersLambdaFunction", "Arn"]}
_RULE = "AWS::Events::Rule"
_RATE = re.compile(r"rate\((\d+) minutes?\)")


def machine_of(job: Job) -> Machine:
    """Return the machine of a job, as it would be deployed."""
    return Machine(job.name, rendered_definition(job.name), deployed_nets())


def deployed_nets() -> Deployed:
    """Return the nets of ``serverless.yml`` as it is now."""
    render_jobs()
    template = expand(Options("test", params={"subnetIds": "subnet-1"}), CodeLocation("bucket", "key"))
    return nets_in(template["Resources"])


def nets_in(resources: Mapping[str, Any]) -> Deployed:
    """Return the nets among CloudFormation's resources: the rules that start the reaper."""
    statuses: set[str] = set()
    seconds = []
    for rule in _rules(resources):
        pattern = rule.get("EventPattern", {})
        if pattern.get("source") == ["aws.states"]:
            statuses.update(pattern.get("detail", {}).get("status", ()))
        if rate := _RATE.fullmatch(rule.get("ScheduleExpression", "")):
            seconds.append(int(rate[1]) * 60.0)
    return Deployed(frozenset(statuses), min(seconds, default=None))


def _rules(resources: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for resource in resources.values():
        rule = resource.get("Properties", {})
        is_on = rule.get("State", "ENABLED") == "ENABLED"
        if resource["Type"] == _RULE and is_on and any(each["Arn"] == _REAPER for each in rule["Targets"]):
            yield rule
