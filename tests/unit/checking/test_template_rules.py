"""Every rule about templates: what breaks it, and what does not."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.certify.static import DefinitionError
from scripts.checking import template_rules as module
from scripts.checking.definition import Definition
from scripts.checking.definition_rules import DEFINITION_RULES
from scripts.checking.rules import Found, Place, apply
from scripts.checking.template import Template, definition_text, embedded_definitions, load_file, load_template
from scripts.checking.template_lint import CFN_LINT_MISSING, CfnLintError
from scripts.checking.template_rules import TEMPLATE_RULES
from tests.unit.checking import definition_cases as cases

Resources = dict[str, Any]
Change = Callable[[Resources], None]

LINTED = {"template-invalid", "template-doubtful", "template-not-linted"}
RULES = {rule.id: rule for rule in TEMPLATE_RULES if rule.id not in LINTED}


def statement(*actions: str, resource: Any = "arn:aws:s3:::data/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def trust(service: str, **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}]}


def role(trusted: dict[str, Any], *statements: dict[str, Any]) -> dict[str, Any]:
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}]
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trusted, "Policies": policies}}


def of(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


ACCOUNT = {"Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}
PASSED = {"Condition": {"StringEquals": {"iam:PassedToService": "elasticmapreduce.amazonaws.com"}}}
TARGET = {
    "Id": "machine",
    "Arn": {"Ref": "Machine"},
    "RetryPolicy": {"MaximumRetryAttempts": 9},
    "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:1:dead"},
}
BLOCKED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
ENCRYPTED = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def careful() -> Resources:
    """Return resources about which there is nothing to say."""
    secure = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    return {
        "Machine": of(
            "AWS::StepFunctions::StateMachine",
            DefinitionString=json.dumps(DEFINITION),
            LoggingConfiguration={"Level": "ERROR"},
            TracingConfiguration={"Enabled": True},
        ),
        "Rule": of("AWS::Events::Rule", Targets=[TARGET]),
        "Schedule": of("AWS::Scheduler::Schedule", Target=TARGET),
        "Bucket": of("AWS::S3::Bucket", BucketEncryption=ENCRYPTED, PublicAccessBlockConfiguration=BLOCKED),
        "BucketTls": of("AWS::S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument={"Statement": [secure]}),
        "First": of("AWS::Lambda::Function", Role={"Fn::GetAtt": ["FirstRole", "Arn"]}),
        "Second": of("AWS::Lambda::Function", Role={"Fn::GetAtt": ["SecondRole", "Arn"]}),
        "FirstRole": role(
            trust("lambda.amazonaws.com"),
            statement("s3:GetObject"),
            statement("elasticmapreduce:ListClusters", "xray:PutTraceSegments", resource="*"),
        ),
        "SecondRole": role(
            trust("states.amazonaws.com", **ACCOUNT),
            statement("iam:PassRole", resource={"Fn::GetAtt": ["EmrRole", "Arn"]}, **PASSED),
        ),
        "Logs": of("AWS::Logs::LogGroup", RetentionInDays=30),
        "Key": of("AWS::KMS::Key", EnableKeyRotation=True),
    }


def change(name: str, **properties: Any) -> Change:
    """Return what changes a resource's properties; None takes one out."""

    def apply_to(resources: Resources) -> None:
        merged = {**resources[name]["Properties"], **properties}
        resources[name]["Properties"] = {key: value for key, value in merged.items() if value is not None}

    return apply_to


def allow(given: dict[str, Any]) -> Change:
    """Return what gives a role one more statement."""

    def apply_to(resources: Resources) -> None:
        resources["FirstRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(given)

    return apply_to


def trusting(service: str) -> Change:
    return change("FirstRole", AssumeRolePolicyDocument=trust(service))


def express(resources: Resources) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::elasticmapreduce:createCluster.sync", "End": True}
    change(
        "Machine",
        StateMachineType="EXPRESS",
        DefinitionString=json.dumps({"StartAt": "A", "States": {"A": state}}),
    )(resources)


BREAKS: dict[str, list[Change]] = {
    "target-without-dead-letters": [
        change("Rule", Targets=[TARGET, {"Id": "b", "Arn": "arn", "RetryPolicy": {}}]),
        change("Schedule", Target={"Arn": "arn", "RetryPolicy": {}}),
    ],
    "target-without-retry-policy": [
        change("Rule", Targets=[{"Id": "a", "Arn": "arn", "DeadLetterConfig": {}}]),
        change("Schedule", Target={"Arn": "arn", "DeadLetterConfig": {}, "RetryPolicy": {"MaximumRetryAttempts": 0}}),
    ],
    "machine-without-logs": [
        change("Machine", LoggingConfiguration=None),
        change("Machine", LoggingConfiguration={"Level": "OFF"}),
    ],
    "machine-without-tracing": [change("Machine", TracingConfiguration=None)],
    "express-machine-waits": [express],
    "bucket-may-be-public": [
        change("Bucket", PublicAccessBlockConfiguration=None),
        change("Bucket", PublicAccessBlockConfiguration=BLOCKED | {"BlockPublicPolicy": False}),
    ],
    "bucket-without-encryption": [change("Bucket", BucketEncryption=None)],
    "bucket-without-tls": [change("BucketTls", Bucket={"Ref": "Other"})],
    "function-shares-role": [change("Second", Role={"Fn::GetAtt": ["FirstRole", "Arn"]})],
    "logs-kept-for-ever": [change("Logs", RetentionInDays=None)],
    "key-never-rotated": [change("Key", EnableKeyRotation=False)],
    "iam-all-actions": [
        allow(statement("s3:*")),
        allow({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::data/*"}),
    ],
    "iam-all-resources": [
        allow(statement("s3:GetObject", resource="*")),
        allow(statement("elasticmapreduce:AddTags", resource=["*"])),
    ],
    "iam-passes-any-role": [
        allow(statement("iam:PassRole", resource="*", **PASSED)),
        allow(statement("iam:PassRole", resource="arn:aws:iam::1:role/*", **PASSED)),
    ],
    "iam-passes-to-any-service": [allow(statement("iam:PassRole", resource="arn:aws:iam::1:role/emr"))],
    "iam-trust-without-source": [trusting("states.amazonaws.com"), trusting("scheduler.amazonaws.com")],
}


def template(*changes: Change) -> Template:
    resources = careful()
    for each in changes:
        each(resources)
    places = {name: Place("stack.yml", number) for number, name in enumerate(resources, 10)}
    return Template("stack.yml", "", {"Resources": resources}, places, is_ours=False)


def found(looked_at: Template, *rules: str) -> list[Found]:
    return apply([RULES[rule] for rule in rules or RULES], looked_at)


@pytest.mark.parametrize(
    ("rule", "breaking"),
    [pytest.param(rule, each, id=f"{rule}-{number}") for rule in BREAKS for number, each in enumerate(BREAKS[rule])],
)
def test_a_rule_finds_what_breaks_it(rule: str, breaking: Change) -> None:
    looked_at = template(breaking)
    (finding,) = found(looked_at, rule)
    assert looked_at.at(finding.what.split(" ")[0].rstrip(":")) == Place(finding.file, finding.line)


def test_every_rule_has_a_case() -> None:
    assert set(BREAKS) == set(RULES)


def test_a_careful_template_has_no_finding() -> None:
    assert found(template()) == []


@pytest.mark.parametrize(
    "right",
    [
        allow(
            statement(
                "elasticmapreduce:RunJobFlow",
                "elasticmapreduce:AddTags",
                resource="*",
                Condition={"StringLike": {"elasticmapreduce:RequestTag/run": "*"}},
            )
        ),
        allow(statement("s3:GetObject", Effect="Deny", resource="*")),
        trusting("ec2.amazonaws.com"),
        change("Key", EnableKeyRotation=None, KeySpec="RSA_2048"),
        change("Rule", Targets=[]),
    ],
)
def test_what_is_right_is_not_found(right: Change) -> None:
    assert found(template(right)) == []


def test_the_project_s_own_template() -> None:
    ours = load_template()
    assert all(name in ours.places for name in ours.data["Resources"])
    assert [each for each in found(ours) if each.severity != "note"] == []
    assert ours.at("PlanRunLambdaFunction").file == "serverless.yml"
    machine = ours.at("PricingSummaryStateMachine")
    assert machine.file == "build/jobs.json"
    assert '"PricingSummaryStateMachine"' in Path(machine.file).read_text().splitlines()[machine.line - 1]


def test_cfn_lint_s_findings_stand_on_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "stack.yml"
    path.write_text(
        "Resources:\n"
        "  Queue:\n"
        "    Type: AWS::SQS::Queue\n"
        "    Properties:\n"
        "      Nam: q\n"
        "  Function:\n"
        "    Type: AWS::Lambda::Function\n"
        "    Properties:\n"
        "      Runtime: python3.8\n"
        "      Handler: a.b\n"
        "      Role: !GetAtt Role.Arn\n"
        "      Code: {ZipFile: 'pass'}\n"
        "    DependsOn: Role\n"
        "  Role:\n"
        "    Type: AWS::IAM::Role\n"
        "    Properties:\n"
        "      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}\n"
    )
    looked_at = load_file(path, cases.TODAY)
    assert isinstance(looked_at, Template)
    findings = apply([rule for rule in TEMPLATE_RULES if rule.id in LINTED], looked_at)
    assert (str(path), 5, "template-invalid") in [(each.file, each.line, each.id) for each in findings]
    assert (str(path), 13, "template-doubtful") in [(each.file, each.line, each.id) for each in findings]
    assert any("Nam" in each.what and "(E3002)" in each.what for each in findings)


def test_without_cfn_lint_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "has_cfn_lint", lambda: False)
    findings = apply([rule for rule in TEMPLATE_RULES if rule.id in LINTED], template())
    assert [(each.id, each.severity, each.what) for each in findings] == [
        ("template-not-linted", "note", CFN_LINT_MISSING)
    ]
    monkeypatch.setattr("scripts.checking.template_lint.has_cfn_lint", lambda: False)
    path = tmp_path / "stack.yml"
    path.write_text("Resources:\n")
    with pytest.raises(CfnLintError, match="pip install cfn-lint"):
        load_file(path, cases.TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "Resources:\n  A: [",
        "Resources:\n",
        "Resources: 5\n",
        '{"Resources": {"A": 5}}',
        '{"Resources": []}',
        '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"A": {"Type": "AWS::S3::Bucket"}}',
    ],
)
def test_a_template_that_is_none_breaks_no_rule(text: str, tmp_path: Path) -> None:
    path = tmp_path / "stack"
    path.write_text(text)
    looked_at = load_file(path, cases.TODAY)
    assert isinstance(looked_at, Template)
    assert embedded_definitions(looked_at, cases.TODAY) == []
    assert found(looked_at) == []


@pytest.mark.parametrize(
    "properties",
    [
        {"DefinitionString": cases.CAREFUL},
        {"DefinitionString": {"Fn::Sub": cases.CAREFUL}},
        {"DefinitionString": {"Fn::Sub": [cases.CAREFUL, {"A": "b"}]}},
        {"DefinitionString": {"Fn::Join": ["", [cases.CAREFUL.replace("logs/emr/", ""), ""]]}},
        {
            "DefinitionString": {
                "Fn::Join": [
                    "",
                    [cases.CAREFUL.split("EmrServiceRole")[0], {"Ref": "R"}, cases.CAREFUL.split("EmrServiceRole")[1]],
                ]
            }
        },
        {"Definition": json.loads(cases.CAREFUL)},
    ],
    ids=["text", "sub", "sub with names", "join", "join with a reference", "object"],
)
def test_definitions_in_a_template_are_read(properties: Mapping[str, Any]) -> None:
    (definition,) = embedded_definitions(
        template(change("Machine", **{"DefinitionString": None, **properties})), cases.TODAY
    )
    assert definition.mistakes == ()
    assert len(definition.states) == 6
    assert definition.at(definition.states[2], "Resource") == Place("stack.yml", 10)
    assert apply([rule for rule in DEFINITION_RULES if not rule.id.startswith("asl-")], definition) == []


def test_references_in_a_definition_stand_for_texts() -> None:
    state = {"Type": "Task", "Resource": {"Fn::GetAtt": ["Work", "Arn"]}, "End": True}
    text = definition_text({"Definition": {"StartAt": "A", "States": {"A": state}}})
    assert text
    assert json.loads(text)["States"]["A"]["Resource"] == "${Work}"
    assert definition_text({"DefinitionString": {"Fn::ImportValue": "x"}}) is None
    assert definition_text({"DefinitionUri": "machine.asl.json"}) is None


def test_a_definition_is_no_template() -> None:
    looked_at = load_file(cases.DEFINITIONS / "careful.asl.json", cases.TODAY)
    assert isinstance(looked_at, Definition)
    assert len(looked_at.states) == 6


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "machine.asl.json"
    with pytest.raises(DefinitionError, match="give the path of a file"):
        load_file(path, cases.TODAY)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DefinitionError, match="UTF-8"):
        load_file(path, cases.TODAY)
