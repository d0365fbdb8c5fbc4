"""The rules about clusters that may outlive their execution: what ``slow-lambda certify`` finds in the graph."""

from collections.abc import Callable, Iterable, Iterator

from scripts.certify.static.report import Finding
from scripts.checking.definition import Definition
from scripts.checking.rules import Place, Rule

_ERRORS_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"
_EMR_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html"
_TASK_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html"


def _certified(*rules: str) -> Callable[[Definition], Iterable[tuple[Place, str]]]:
    """Return what yields the certificate's findings of some of its rules."""

    def find(definition: Definition) -> Iterator[tuple[Place, str]]:
        report = definition.report
        for finding in (*report.findings, *report.warnings) if report else ():
            if finding.rule in rules:
                yield definition.at(definition.by_label[finding.state]), _words(finding)

    return find


def _words(finding: Finding) -> str:
    """Say what was found; what to do about it is the rule's to say."""
    path = f" ({' -> '.join(finding.path)})" if len(finding.path) > 1 else ""
    return f"{finding.message.partition('; ')[0]}{path}"


OWNERSHIP_RULES = (
    Rule(
        id="cluster-left-running",
        severity="error",
        why="A cluster that nobody ends is paid for until somebody notices; Step Functions does not end it.",
        fix="Lead every way from the state that creates the cluster to an end through a terminate of that cluster.",
        link=_EMR_PAGE,
        find=_certified("end-while-owning"),
    ),
    Rule(
        id="cluster-created-again",
        severity="error",
        why="The new cluster's id replaces the old one's, and nobody can end the old cluster any more.",
        fix="Terminate the cluster before the state that creates it is entered again.",
        link=_EMR_PAGE,
        find=_certified("create-while-owning"),
    ),
    Rule(
        id="task-without-catch",
        severity="error",
        why="An error that nothing catches ends the execution at once, while the cluster goes on.",
        fix="Catch States.ALL and lead to a terminate.",
        link=_ERRORS_PAGE,
        find=_certified("task-without-catch"),
    ),
    Rule(
        id="container-without-catch",
        severity="error",
        why="A Parallel or Map fails with whatever fails inside it, and the execution ends while the cluster goes on.",
        fix="Catch States.ALL on the Parallel or Map and lead to a terminate.",
        link=_ERRORS_PAGE,
        find=_certified("parallel-without-catch", "map-without-catch"),
    ),
    Rule(
        id="choice-without-default",
        severity="error",
        why="A Choice of which no rule matches fails with an error that nothing can catch, while the cluster goes on.",
        fix="Give it a Default that leads to a terminate.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html",
        find=_certified("choice-without-default"),
    ),
    Rule(
        id="catch-all-not-alone",
        severity="error",
        why="States.ALL has to stand alone and last; Step Functions refuses the definition.",
        fix="Move it to an entry of its own at the end.",
        link=_ERRORS_PAGE,
        find=_certified("catch-all-not-alone"),
    ),
    Rule(
        id="task-without-timeout",
        severity="warning",
        why="A Task without a timeout may wait for three years, and a cluster with it.",
        fix="Set TimeoutSeconds to more than the work can sensibly take.",
        link=_TASK_PAGE,
        find=_certified("task-without-timeout"),
    ),
    Rule(
        id="machine-without-timeout",
        severity="warning",
        why="An execution may last a year, and hold its cluster as long.",
        fix="Give the machine a TimeoutSeconds of its own.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html",
        find=_certified("machine-without-timeout"),
    ),
    Rule(
        id="terminate-without-retry",
        severity="warning",
        why="EMR throttles an account's calls to terminate clusters; one refused call leaves the cluster running.",
        fix="Give the terminate a Retry for States.ALL with several attempts and a backoff.",
        link="https://docs.aws.amazon.com/general/latest/gr/emr.html",
        find=_certified("terminate-without-retry"),
    ),
    Rule(
        id="terminate-without-catch",
        severity="warning",
        why="When its Retry is used up the execution fails, and nothing else tries to end the cluster.",
        fix="Catch States.ALL and lead to another way to end the cluster, such as a Lambda that finds it by its tag.",
        link=_ERRORS_PAGE,
        find=_certified("terminate-without-catch"),
    ),
    Rule(
        id="terminate-without-timeout",
        severity="warning",
        why="A terminate that waits for ever is never retried, and nobody hears of it.",
        fix="Set TimeoutSeconds.",
        link=_TASK_PAGE,
        find=_certified("terminate-without-timeout"),
    ),
    Rule(
        id="terminate-by-unseen-id",
        severity="warning",
        why="EMR may have accepted a call that failed or timed out: there is a cluster whose id nobody knows.",
        fix="Lead that Catch to something that finds the cluster by its tag and ends it.",
        link=_EMR_PAGE,
        find=_certified("terminate-by-unseen-id"),
    ),
    Rule(
        id="retry-not-idempotent",
        severity="warning",
        why="RunJobFlow and AddJobFlowSteps have no idempotency token: what EMR accepted may be done twice.",
        fix="Remove the Retry; on failure, end what may exist and start again.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html",
        find=_certified("retry-not-idempotent"),
    ),
    Rule(
        id="step-without-action-on-failure",
        severity="warning",
        why="When such a step fails, its cluster goes on waiting, and is paid for until the machine ends it.",
        fix="Set ActionOnFailure to TERMINATE_CLUSTER, unless the machine starts other work on the cluster then.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_StepConfig.html",
        find=_certified("step-without-action-on-failure"),
    ),
    Rule(
        id="cluster-without-auto-termination",
        severity="warning",
        why="An execution that is stopped runs no Catch; then only EMR itself can end an idle cluster.",
        fix='Give the cluster an AutoTerminationPolicy, such as {"IdleTimeout": 3600}.',
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html",
        find=_certified("cluster-without-auto-termination"),
    ),
)
