"""docs/deployment.md: its commands exist, and its policies cover what the stack is made of."""

import fnmatch
import json
import re
import shlex
from typing import Any

import pytest

from scripts.rendering.jobs import render_jobs
from scripts.rendering.paths import ROOT
from scripts.rendering.template import CodeLocation, Options, expand
from tests.deploy.test_workflows import exists

TEXT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")

# The service whose permissions a type of resource takes, where it is not the type's own name.
SERVICES = {"emr": "elasticmapreduce", "stepfunctions": "states"}

NAME = re.compile(r"(Bucket|Table|Queue|Topic|Function|StateMachine|Alarm|Dashboard|LogGroup|)Name")

# Services whose resources the policy does not hold by their names.
NAMELESS = {"EC2", "EMR", "IAM"}


def block(kind: str) -> Any:
    (found,) = re.findall(rf"^```json {kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return json.loads(found)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    render_jobs()
    return expand(Options("dev"), CodeLocation("bucket", "key"))


def test_its_commands_are_there() -> None:
    found = re.findall(r"^(make .*)$|`((?:\.venv/bin/)?slow-lambda [a-z][^`]*|make [^`]*)`", TEXT, re.MULTILINE)
    commands = [shlex.split((line or code).replace(".venv/bin/", "")) for line, code in found]
    assert len(commands) > 8
    for command in commands:
        assert exists([command[0].replace("slow-lambda", ".venv/bin/slow-lambda"), *command[1:]]), command


def test_only_an_environment_of_the_repository_gets_the_role() -> None:
    (statement,) = block("trust")["Statement"]
    conditions = statement["Condition"]["StringEquals"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert conditions["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    assert re.fullmatch(r"repo:[^*]+:environment:dev", conditions["token.actions.githubusercontent.com:sub"])


def test_the_deployer_may_make_every_type_of_resource(template: dict[str, Any]) -> None:
    actions = {action for statement in block("permissions")["Statement"] for action in statement["Action"]}
    services = {resource["Type"].split("::")[1].lower() for resource in template["Resources"].values()}
    allowed = {action.partition(":")[0] for action in actions}
    assert {SERVICES.get(service, service) for service in services} | {"cloudformation", "s3"} <= allowed
    assert not [action for action in actions if action in {"*", "iam:*", "ec2:*", "kms:*"}]


def test_every_name_the_stack_gives_is_one_the_deployer_may_use(template: dict[str, Any]) -> None:
    """A resource without a name gets the stack's, which begins the same way."""
    resources = block("permissions")["Statement"][0]["Resource"]
    patterns = {found[0] for each in resources if (found := re.search(r"(/aws/[a-z/]+)?slow-lambda-\*$", each))}
    names = [
        value
        for resource in template["Resources"].values()
        for key, value in resource["Properties"].items()
        if NAME.fullmatch(key) and resource["Type"].split("::")[1] not in NAMELESS
    ]
    # What is left out are references to resources that are looked at themselves.
    texts = [
        each if isinstance(each, str) else each["Fn::Sub"]
        for each in names
        if isinstance(each, str) or "Fn::Sub" in each
    ]
    assert len(texts) > 30
    assert [text for text in texts if not any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)] == []
