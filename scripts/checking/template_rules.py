"""The rules about templates."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from scripts.checking.rules import Place, Rule
from scripts.checking.template import Template, definition_text
from scripts.checking.template_iam import IAM_RULES, as_list
from scripts.checking.template_lint import CFN_LINT_MISSING, has_cfn_lint, lint

_DLQ_PAGE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _linted(severity: str) -> Callable[[Template], Iterable[tuple[Place, str]]]:
    def find(template: Template) -> Iterator[tuple[Place, str]]:
        for each in lint(template.text) if has_cfn_lint() else ():
            if each.severity == severity:
                place = template.at(each.resource) if template.is_ours else Place(template.file, each.line)
                about = f"{each.resource}: " if each.resource else ""
                yield place, f"{about}{each.message} ({each.id})"

    return find


def _not_linted(template: Template) -> Iterator[tuple[Place, str]]:
    if not has_cfn_lint():
        yield Place(template.file, 1), CFN_LINT_MISSING


def _targets(template: Template) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield every target of a rule or a schedule, with the resource it belongs to and its own name."""
    for name, rule in template.resources("AWS::Events::Rule"):
        for target in as_list(rule.get("Targets")):
            if isinstance(target, Mapping):
                yield name, str(target.get("Id", "a target")), target
    for name, schedule in template.resources("AWS::Scheduler::Schedule"):
        target = schedule.get("Target")
        if isinstance(target, Mapping):
            yield name, "its target", target


def _without_dead_letters(template: Template) -> Iterator[tuple[Place, str]]:
    for name, target, properties in _targets(template):
        if "DeadLetterConfig" not in properties:
            yield template.at(name), f"{name}: what cannot be delivered to {target} is dropped"


def _without_retries(template: Template) -> Iterator[tuple[Place, str]]:
    for name, target, properties in _targets(template):
        policy = properties.get("RetryPolicy")
        if policy is None:
            yield template.at(name), f"{name}: {target} has no RetryPolicy"
        elif isinstance(policy, Mapping) and policy.get("MaximumRetryAttempts") == 0:
            yield template.at(name), f"{name}: {target} gets an event once, and never again"


def _without_logs(template: Template) -> Iterator[tuple[Place, str]]:
    for name, machine in template.resources(*_MACHINES):
        logging = machine.get("LoggingConfiguration", machine.get("Logging"))
        if not logging or (isinstance(logging, Mapping) and logging.get("Level", "OFF") == "OFF"):
            yield template.at(name), f"{name} logs nothing"


def _without_tracing(template: Template) -> Iterator[tuple[Place, str]]:
    for name, machine in template.resources(*_MACHINES):
        tracing = machine.get("TracingConfiguration", machine.get("Tracing"))
        if not tracing or (isinstance(tracing, Mapping) and tracing.get("Enabled") is False):
            yield template.at(name), f"{name} is not traced"


def _express(template: Template) -> Iterator[tuple[Place, str]]:
    for name, machine in template.resources(*_MACHINES):
        if machine.get("StateMachineType", machine.get("Type")) == "EXPRESS":
            text = definition_text(machine) or ""
            waits = [word for word in (".sync", ".waitForTaskToken") if word in text]
            if waits:
                yield template.at(name), f"{name} is an Express workflow and uses {' and '.join(waits)}"


def _public(template: Template) -> Iterator[tuple[Place, str]]:
    for name, bucket in template.resources("AWS::S3::Bucket"):
        block = bucket.get("PublicAccessBlockConfiguration")
        missing = [each for each in _BLOCKS if not (isinstance(block, Mapping) and block.get(each) in (True, "true"))]
        if missing:
            yield template.at(name), f"{name} does not say {', '.join(missing)}"


def _unencrypted(template: Template) -> Iterator[tuple[Place, str]]:
    for name, bucket in template.resources("AWS::S3::Bucket"):
        if "BucketEncryption" not in bucket:
            yield template.at(name), f"{name} does not say how it is encrypted"


def _without_tls(template: Template) -> Iterator[tuple[Place, str]]:
    policies = [policy for _, policy in template.resources("AWS::S3::BucketPolicy")]
    secured = str([each.get("Bucket") for each in policies if "aws:SecureTransport" in str(each)])
    for name, bucket in template.resources("AWS::S3::Bucket"):
        written = bucket.get("BucketName")
        if f"'{name}'" not in secured and not (isinstance(written, str) and f"'{written}'" in secured):
            yield template.at(name), f"{name} can be read and written without TLS"


def _shared_roles(template: Template) -> Iterator[tuple[Place, str]]:
    users: dict[str, list[str]] = defaultdict(list)
    for name, function in template.resources(*_FUNCTIONS):
        if "Role" in function:
            users[str(function["Role"])].append(name)
    for names in users.values():
        for name in names[1:]:
            yield template.at(name), f"{name} has the role of {names[0]}"


def _kept_for_ever(template: Template) -> Iterator[tuple[Place, str]]:
    for name, group in template.resources("AWS::Logs::LogGroup"):
        if "RetentionInDays" not in group:
            yield template.at(name), f"{name} keeps its logs for ever"


def _key_without_rotation(template: Template) -> Iterator[tuple[Place, str]]:
    for name, key in template.resources("AWS::KMS::Key"):
        if key.get("EnableKeyRotation") is not True and key.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT":
            yield template.at(name), f"{name} is never rotated"


_STACK_RULES: tuple[Rule[Template], ...] = (
    Rule(
        id="template-invalid",
        severity="error",
        why="CloudFormation refuses the template, or a resource of it when the stack is half built.",
        fix="Correct what cfn-lint names; its rules are on the page.",
        link="https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md",
        find=_linted("error"),
    ),
    Rule(
        id="template-doubtful",
        severity="warning",
        why="cfn-lint warns of what works today and is likely not meant.",
        fix="Correct what cfn-lint names, or leave the check out in .cfnlintrc.yaml, with the reason.",
        link="https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md",
        find=_linted("warning"),
    ),
    Rule(
        id="template-not-linted",
        severity="note",
        why="cfn-lint knows every property of every resource; without it most mistakes are found at deployment.",
        fix="Install it where slow-lambda is installed.",
        link="https://github.com/aws-cloudformation/cfn-lint",
        find=_not_linted,
    ),
    Rule(
        id="target-without-dead-letters",
        severity="warning",
        why="An event that its target refuses for a day is gone, and nobody knows of it.",
        fix="Give the target a DeadLetterConfig with a queue that EventBridge may send to.",
        link=_DLQ_PAGE,
        find=_without_dead_letters,
    ),
    Rule(
        id="target-without-retry-policy",
        severity="note",
        why="Without one, EventBridge tries for 24 hours; whether a late start is still wanted is for the job to say.",
        fix="Give the target a RetryPolicy with a maximum age and a number of attempts above 0.",
        link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html",
        find=_without_retries,
    ),
    Rule(
        id="machine-without-logs",
        severity="warning",
        why="The history of an execution is gone after 90 days, and cannot be searched across executions before.",
        fix="Give the machine a LoggingConfiguration of level ERROR or ALL.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
        find=_without_logs,
    ),
    Rule(
        id="machine-without-tracing",
        severity="note",
        why="X-Ray shows an execution together with the functions and calls in it.",
        fix='Set TracingConfiguration to {"Enabled": true}.',
        link="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html",
        find=_without_tracing,
    ),
    Rule(
        id="express-machine-waits",
        severity="error",
        why="An Express workflow lasts five minutes at most and can await neither jobs nor callbacks.",
        fix="Make it STANDARD.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html",
        find=_express,
    ),
    Rule(
        id="bucket-may-be-public",
        severity="warning",
        why="One careless policy or ACL later opens the bucket to everybody.",
        fix="Set all four parts of PublicAccessBlockConfiguration to true.",
        link="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
        find=_public,
    ),
    Rule(
        id="bucket-without-encryption",
        severity="note",
        why="S3 encrypts with its own keys by default; a template that says how shows what was meant.",
        fix="Give the bucket a BucketEncryption, with a KMS key where access is to be governed by one.",
        link="https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html",
        find=_unencrypted,
    ),
    Rule(
        id="bucket-without-tls",
        severity="note",
        why="S3 also answers requests without TLS, unless a bucket's policy denies them.",
        fix="Deny every action when aws:SecureTransport is false, in an AWS::S3::BucketPolicy.",
        link="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
        find=_without_tls,
    ),
    Rule(
        id="function-shares-role",
        severity="warning",
        why="Each of the functions may do what only the others need.",
        fix="Give each function a role of its own.",
        link="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
        find=_shared_roles,
    ),
    Rule(
        id="logs-kept-for-ever",
        severity="warning",
        why="CloudWatch keeps and charges for logs until somebody removes them.",
        fix="Set RetentionInDays.",
        link="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
        find=_kept_for_ever,
    ),
    Rule(
        id="key-never-rotated",
        severity="note",
        why="What one old key has encrypted grows for ever.",
        fix="Set EnableKeyRotation to true.",
        link="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
        find=_key_without_rotation,
    ),
)

TEMPLATE_RULES: tuple[Rule[Template], ...] = (*_STACK_RULES, *IAM_RULES)
