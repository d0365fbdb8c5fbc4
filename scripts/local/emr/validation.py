"""The rules of RunJobFlow that the shapes do not carry, one function a rule or family.

Every function raises `EmrApiError` with the service's code and, as far as it is publicly known, its sentence.
"""

import re
from collections.abc import Callable, Sequence

from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.idle import IDLE_TIMEOUT_MAX_SECONDS, IDLE_TIMEOUT_MIN_SECONDS
from scripts.local.emr.model import Params
from scripts.local.emr.pool_rules import validate_nodes

FORBIDDEN_IN_NAMES = "<>$|`"
"""`Name` of https://docs.aws.amazon.com/emr/latest/APIReference/API_Cluster.html."""
STEP_CONCURRENCY_MAX = 256
"""`StepConcurrencyLevel` of https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html."""
ACTIVE_STEPS_MAX = 256
STEPS_PER_CALL_MAX = 256
STEP_CHARACTERS_MAX = 10_240
"""These three: https://docs.aws.amazon.com/emr/latest/APIReference/API_AddJobFlowSteps.html and "Submit work to an
Amazon EMR cluster", https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-work-with-steps.html."""
PERFORMANCE_INDEXES = (1, 25, 50, 75, 100)
"""`UtilizationPerformanceIndex`: https://docs.aws.amazon.com/emr/latest/APIReference/API_ManagedScalingPolicy.html."""

_RELEASE_LABEL = re.compile(r"emr-(spark-)?\d+\.\d+\.\d+")
_INSTANCE_HOUR_BEFORE = (5, 10)
"""`ScaleDownBehavior` of https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html."""
_SERIAL_ONLY = frozenset({"TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW", "CANCEL_AND_WAIT"})


def refuse(message: str) -> EmrApiError:
    """Return the exception of a refused parameter."""
    return EmrApiError("ValidationException", message)


def validate_run_job_flow(params: Params) -> None:
    """Refuse a cluster that EMR would not create."""
    rules: Sequence[Callable[[Params], None]] = (
        _validate_name,
        _validate_release,
        validate_nodes,
        _validate_cluster_steps,
        _validate_scaling,
    )
    for rule in rules:
        rule(params)
    if policy := params.get("AutoTerminationPolicy"):
        validate_auto_termination(policy)


def validate_concurrency(level: int) -> None:
    """Refuse a StepConcurrencyLevel out of range."""
    if not 1 <= level <= STEP_CONCURRENCY_MAX:
        raise refuse(f"Invalid step concurrency level. Allowed level is from 1 to {STEP_CONCURRENCY_MAX}")


def validate_steps(steps: Sequence[Params], *, concurrency: int, active: int) -> None:
    """Refuse steps that a cluster with this concurrency and so many active steps does not take."""
    if not steps:
        raise refuse("At least one step must be specified.")
    if len(steps) > STEPS_PER_CALL_MAX:
        raise refuse(f"No more than {STEPS_PER_CALL_MAX} steps may be added in one call.")
    if active + len(steps) > ACTIVE_STEPS_MAX:
        raise refuse(
            "Maximum number of active steps(State = 'Running', 'Pending' or 'Cancel_Pending') for cluster exceeded."
        )
    for step in steps:
        if (action := step.get("ActionOnFailure")) in _SERIAL_ONLY and concurrency > 1:
            raise refuse(
                f"The step {step['Name']} cannot have the ActionOnFailure {action} "
                "because the step concurrency level of the cluster is greater than 1."
            )
        if (length := _characters(step["HadoopJarStep"])) > STEP_CHARACTERS_MAX:
            raise refuse(
                f"The strings of HadoopJarStep of the step {step['Name']} exceed a total of {STEP_CHARACTERS_MAX} "
                f"characters: {length}."
            )


def validate_auto_termination(policy: Params) -> None:
    """Refuse an idle timeout out of range."""
    seconds = policy.get("IdleTimeout")
    if seconds is not None and not IDLE_TIMEOUT_MIN_SECONDS <= seconds <= IDLE_TIMEOUT_MAX_SECONDS:
        raise refuse(
            f"The IdleTimeout must be from {IDLE_TIMEOUT_MIN_SECONDS} to {IDLE_TIMEOUT_MAX_SECONDS} seconds, "
            f"not {seconds}."
        )


def validate_managed_scaling(policy: Params, *, is_fleet: bool) -> None:
    """Refuse compute limits that contradict each other or the cluster.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_ComputeLimits.html.
    """
    limits = policy.get("ComputeLimits")
    if limits:
        if (limits["UnitType"] == "InstanceFleetUnits") != is_fleet:
            kind = "instance fleets" if is_fleet else "instance groups"
            raise refuse(f"The UnitType {limits['UnitType']} is not valid for a cluster that uses {kind}.")
        lowest, highest = limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]
        if not 1 <= lowest <= highest:
            raise refuse("MinimumCapacityUnits must be at least 1 and at most MaximumCapacityUnits.")
        for name in ("MaximumOnDemandCapacityUnits", "MaximumCoreCapacityUnits"):
            if not 0 <= limits.get(name, 0) <= highest:
                raise refuse(f"{name} must be at least 0 and at most MaximumCapacityUnits.")
    index = policy.get("UtilizationPerformanceIndex")
    if index is not None and (index not in PERFORMANCE_INDEXES or policy.get("ScalingStrategy") != "ADVANCED"):
        raise refuse(
            f"UtilizationPerformanceIndex must be one of {PERFORMANCE_INDEXES} and needs the ScalingStrategy ADVANCED."
        )


def _validate_name(params: Params) -> None:
    if found := sorted(set(FORBIDDEN_IN_NAMES) & set(params["Name"])):
        raise refuse(f"The cluster name may not contain {' '.join(found)}: {params['Name']}")


def _validate_release(params: Params) -> None:
    label = params.get("ReleaseLabel")
    if label is None:
        return
    if not _RELEASE_LABEL.fullmatch(label):
        raise refuse(f"The supplied release label is invalid: {label}.")
    version = tuple(int(part) for part in label.rpartition("-")[2].split(".")[:2])
    if params.get("ScaleDownBehavior") == "TERMINATE_AT_INSTANCE_HOUR" and version >= _INSTANCE_HOUR_BEFORE:
        raise refuse(f"TERMINATE_AT_INSTANCE_HOUR is not supported for the release {label}.")


def _validate_cluster_steps(params: Params) -> None:
    concurrency = params.get("StepConcurrencyLevel", 1)
    validate_concurrency(concurrency)
    if steps := params.get("Steps"):
        validate_steps(steps, concurrency=concurrency, active=0)


def _validate_scaling(params: Params) -> None:
    instances = params["Instances"]
    managed = params.get("ManagedScalingPolicy")
    if managed:
        validate_managed_scaling(managed, is_fleet="InstanceFleets" in instances)
    if any("AutoScalingPolicy" in group for group in instances.get("InstanceGroups", [])):
        if managed:
            raise refuse("A cluster cannot have both a managed scaling policy and automatic scaling policies.")
        if not params.get("AutoScalingRole"):
            raise refuse("An AutoScalingRole is required for instance groups with an automatic scaling policy.")


def _characters(jar: Params) -> int:
    strings = [jar["Jar"], jar.get("MainClass", ""), *jar.get("Args", [])]
    for entry in jar.get("Properties", []):
        strings += [entry.get("Key", ""), entry.get("Value", "")]
    return sum(len(string) for string in strings)
