"""The rules about the clusters a definition creates, and the steps it runs on them."""

import re
from collections.abc import Iterator, Sequence

from scripts.certify.static.actions import Kind
from scripts.certify.static.graph import State
from scripts.checking.definition import Definition
from scripts.checking.definition_given import Given, given
from scripts.checking.emr_calls import call_of
from scripts.checking.releases import SUPPORT_PAGE, support
from scripts.checking.rules import Place, Rule

_RUN_JOB_FLOW = "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html"
_STEP_CONFIG = "https://docs.aws.amazon.com/emr/latest/APIReference/API_StepConfig.html"

# https://docs.aws.amazon.com/emr/latest/APIReference/API_AutoTerminationPolicy.html and the page of RunJobFlow.
_RANGES = {
    ("AutoTerminationPolicy", "IdleTimeout"): (60, 604_800),
    ("StepConcurrencyLevel",): (1, 256),
}

# https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html
_MAX_BOOTSTRAP_ACTIONS = 16
_FORBIDDEN_IN_NAME = frozenset("<>$|`\r\n\t")

# https://docs.aws.amazon.com/emr/latest/APIReference/API_HadoopJarStepConfig.html
_MAX_STEP_CHARACTERS = 10_240

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
_SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|(?i:\b(?:password|passwd|secret[-_.]?(?:access[-_.]?)?key)\s*=\s*\S)"
)

_EXECUTION = ("$$.Execution", "$states.context.Execution")
_RELEASE = re.compile(r"emr-(?:spark-)?\d+\.\d+\.\d+")

# What EMR refuses while several steps run on a cluster.
_ENDS_OTHERS = frozenset({"TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW", "CANCEL_AND_WAIT"})


def creates(definition: Definition) -> Iterator[tuple[State, Given]]:
    """Yield every state that creates a cluster, with what it gives to EMR."""
    for state in definition.of_kind(Kind.CREATE):
        yield state, given(state)


def _steps(definition: Definition) -> Iterator[tuple[State, Given]]:
    """Yield every step with the state that adds it."""
    for state in definition.of_kind(Kind.STEP):
        one = given(state).get("Step")
        yield from ((state, each) for each in ([one] if not one.is_missing else given(state).get("Steps").items()))


def _without(definition: Definition, *names: str) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        lacking = [name for name in names if cluster.get(name).is_missing]
        if lacking:
            yield definition.at(state), f"the cluster of {state.label} has no {' and no '.join(lacking)}"


def _without_logs(definition: Definition) -> Iterator[tuple[Place, str]]:
    return _without(definition, "LogUri")


def _without_roles(definition: Definition) -> Iterator[tuple[Place, str]]:
    return _without(definition, "ServiceRole", "JobFlowRole")


def _without_release(definition: Definition) -> Iterator[tuple[Place, str]]:
    return _without(definition, "ReleaseLabel")


def _unsupported(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        label = cluster.get("ReleaseLabel")
        if not _RELEASE.fullmatch(str(label.literal)):
            continue
        supported = support(label.value)
        if supported and supported.until < definition.today:
            yield definition.at(state, *label.key), f"{state.label}: AWS supported {label.value} {supported}"


def _not_findable(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        tags = cluster.get("Tags")
        if not tags.is_hidden and not any(word in str(tag.value) for tag in tags.leaves() for word in _EXECUTION):
            found = "no tags" if tags.is_missing else "no tag with the execution's id or name"
            yield definition.at(state, *tags.key), f"the cluster of {state.label} has {found}"


def _protected(definition: Definition) -> Iterator[tuple[Place, str]]:
    if any(_unprotects(state) for state in definition.states):
        return
    for state, cluster in creates(definition):
        protected = cluster.get("Instances", "TerminationProtected")
        if protected.literal is True:
            yield definition.at(state, *protected.key), f"the cluster of {state.label} is protected from termination"


def _unprotects(state: State) -> bool:
    call = call_of(state)
    return (
        call is not None
        and "TerminationProtection" in call.action
        and given(state).get("TerminationProtected").value is not True
    )


def _out_of_range(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        for path, (low, high) in _RANGES.items():
            found = cluster.get(*path)
            if isinstance(found.literal, int) and not low <= found.value <= high:
                words = f"{state.label}: {'.'.join(path)} is {found.value}; EMR takes {low} to {high}"
                yield definition.at(state, *found.key), words
        actions = cluster.get("BootstrapActions")
        number = len(list(actions.items()))
        if number > _MAX_BOOTSTRAP_ACTIONS:
            words = f"{state.label} has {number} bootstrap actions; EMR takes {_MAX_BOOTSTRAP_ACTIONS}"
            yield definition.at(state, *actions.key), words


def _bad_names(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        name = cluster.get("Name")
        bad = sorted(set(str(name.literal)) & _FORBIDDEN_IN_NAME)
        if bad:
            words = f"{state.label} names its cluster {name.value!r}, with {' '.join(map(repr, bad))}"
            yield definition.at(state, *name.key), words


def _abreast(definition: Definition) -> bool:
    """Whether every cluster of a definition visibly runs several steps at a time."""
    levels: Sequence[object] = [cluster.get("StepConcurrencyLevel").literal for _, cluster in creates(definition)]
    return bool(levels) and all(isinstance(level, int) and level > 1 for level in levels)


def _ends_other_steps(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, step in _steps(definition) if _abreast(definition) else ():
        action = step.get("ActionOnFailure")
        if action.literal in _ENDS_OTHERS:
            words = (
                f"the step of {state.label} has ActionOnFailure {action.value}, on a cluster that runs several steps"
            )
            yield definition.at(state, *action.key), words


def _long_steps(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, step in _steps(definition):
        jar = step.get("HadoopJarStep")
        size = sum(len(leaf.literal) for leaf in jar.leaves() if isinstance(leaf.literal, str))
        if size > _MAX_STEP_CHARACTERS:
            words = f"the step of {state.label} has {size} characters of arguments; EMR takes {_MAX_STEP_CHARACTERS}"
            yield definition.at(state, *jar.key), words


def _secrets(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        for leaf in given(state).leaves():
            if isinstance(leaf.literal, str) and _SECRET.search(leaf.literal):
                yield definition.at(state, *leaf.key), f"{state.label} gives what looks like a key or a password"


CLUSTER_RULES = (
    Rule(
        id="emr-logs-missing",
        severity="warning",
        why="Without a LogUri the logs are gone with the cluster, and nobody learns why a step failed.",
        fix="Give createCluster a LogUri, an S3 folder.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-debugging.html",
        find=_without_logs,
    ),
    Rule(
        id="emr-roles-missing",
        severity="warning",
        why="EMR's service and its nodes act with roles; without them EMR refuses the call or takes defaults.",
        fix="Give ServiceRole and JobFlowRole (an instance profile) with the rights that the job needs.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles.html",
        find=_without_roles,
    ),
    Rule(
        id="emr-release-missing",
        severity="warning",
        why="Without a release label it is not said which Spark, Hadoop and Python the job runs on.",
        fix="Give a ReleaseLabel, such as emr-7.14.0.",
        link=_RUN_JOB_FLOW,
        find=_without_release,
    ),
    Rule(
        id="emr-release-unsupported",
        severity="warning",
        why="A release past its support gets no corrections, and AWS may refuse new clusters of it.",
        fix="Move the job to a release that is supported.",
        link=SUPPORT_PAGE,
        find=_unsupported,
    ),
    Rule(
        id="cluster-not-findable",
        severity="warning",
        why="A stopped execution runs no Catch; whoever cleans up after it has to find its cluster, by a tag.",
        fix="Add a tag with the execution's id: $$.Execution.Id in JSONPath, $states.context.Execution.Id in JSONata.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-tags.html",
        find=_not_findable,
    ),
    Rule(
        id="emr-termination-protected",
        severity="error",
        why="EMR refuses to terminate a protected cluster, so no terminate of this machine can end it.",
        fix="Leave TerminationProtected out, or call setClusterTerminationProtection with false first.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_TerminationProtection.html",
        find=_protected,
    ),
    Rule(
        id="emr-value-out-of-range",
        severity="error",
        why="EMR refuses the call.",
        fix="Choose a value within the range.",
        link=_RUN_JOB_FLOW,
        find=_out_of_range,
    ),
    Rule(
        id="emr-name-forbidden",
        severity="error",
        why="EMR refuses a cluster whose name has one of the characters < > $ | or a backtick.",
        fix="Take the characters out.",
        link=_RUN_JOB_FLOW,
        find=_bad_names,
    ),
    Rule(
        id="emr-step-ends-others",
        severity="error",
        why="EMR refuses such a step while StepConcurrencyLevel is above 1.",
        fix="Set ActionOnFailure to CONTINUE, and let the Catch of the step's state end the cluster.",
        link=_STEP_CONFIG,
        find=_ends_other_steps,
    ),
    Rule(
        id="emr-step-too-long",
        severity="error",
        why="EMR refuses a step whose texts are longer in all.",
        fix="Put long arguments into a file in S3 and give the step its address.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_HadoopJarStepConfig.html",
        find=_long_steps,
    ),
    Rule(
        id="secret-in-definition",
        severity="error",
        why="Whoever may read the definition or an execution's history reads it, and EMR shows the arguments of steps.",
        fix="Keep it in Secrets Manager, let the step fetch it, and make the old one worthless.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-protection.html",
        find=_secrets,
    ),
)
