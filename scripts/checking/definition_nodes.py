"""The rules about the nodes of the clusters a definition creates, and their scaling."""

from collections.abc import Iterator

from scripts.certify.static.graph import State
from scripts.checking.definition import Definition
from scripts.checking.definition_clusters import creates
from scripts.checking.definition_given import Given, given
from scripts.checking.emr_calls import call_of
from scripts.checking.instances import is_old
from scripts.checking.rules import Place, Rule

_FLEETS_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html"
_SCALING_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html"
_PURCHASE_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html"

# Seconds between two values of a metric of EMR.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html
_METRIC_PERIOD = 300

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
_MAX_TYPES = 5
_MAX_TYPES_WITH_STRATEGY = 30
_SPOT_TIMEOUT_MINUTES = (5, 1440)

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-ha.html
_PRIMARIES = (1, 3)

_TYPE_NAMES = frozenset({"InstanceType", "MasterInstanceType", "SlaveInstanceType"})


def _parts(cluster: Given) -> Iterator[tuple[str, Given]]:
    """Yield every fleet and group with its role."""
    for field, role in (("InstanceFleets", "InstanceFleetType"), ("InstanceGroups", "InstanceRole")):
        for part in cluster.get("Instances", field).items():
            yield str(part.get(role).literal), part


def _fleets_and_groups(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        fleets, groups = (cluster.get("Instances", name) for name in ("InstanceFleets", "InstanceGroups"))
        whole = cluster.get("Instances").is_hidden
        if not whole and not fleets.is_missing and not groups.is_missing:
            yield definition.at(state, *groups.key), f"{state.label} gives both InstanceFleets and InstanceGroups"


def _bad_roles(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        parts = list(_parts(cluster))
        roles = [role for role, _ in parts]
        if parts and "MASTER" not in roles and "None" not in roles:
            yield definition.at(state, *parts[0][1].key[:-1]), f"{state.label} has no primary node (MASTER)"
        if "TASK" in roles and "CORE" not in roles and "None" not in roles:
            yield definition.at(state, *parts[0][1].key[:-1]), f"{state.label} has task nodes but no core nodes"
        for role, part in parts:
            number = _size(part)
            if role == "MASTER" and number is not None and number not in _PRIMARIES:
                yield definition.at(state, *part.key), f"{state.label} has {number} primary nodes; EMR takes 1 or 3"


def _size(part: Given) -> int | None:
    """Return how many nodes a fleet or group starts with, if it can be seen."""
    counts = [part.get(name) for name in ("InstanceCount", "TargetOnDemandCapacity", "TargetSpotCapacity")]
    if any(count.is_hidden for count in counts):
        return None
    return sum(count.value for count in counts if isinstance(count.value, int))


def _many_types(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        for role, part in _parts(cluster):
            types = part.get("InstanceTypeConfigs")
            number = len(list(types.items()))
            most = _MAX_TYPES_WITH_STRATEGY if _has_strategy(part) else _MAX_TYPES
            if number > most:
                words = f"{state.label}: the fleet {role} has {number} instance types; EMR takes {most} of them"
                yield definition.at(state, *types.key), words


def _has_strategy(fleet: Given) -> bool:
    kinds = ("SpotSpecification", "OnDemandSpecification")
    return any(not fleet.get("LaunchSpecifications", kind, "AllocationStrategy").is_missing for kind in kinds)


def _bad_timeouts(definition: Definition) -> Iterator[tuple[Place, str]]:
    low, high = _SPOT_TIMEOUT_MINUTES
    for state, cluster in creates(definition):
        for role, part in _parts(cluster):
            minutes = part.get("LaunchSpecifications", "SpotSpecification", "TimeoutDurationMinutes")
            if isinstance(minutes.literal, int) and not low <= minutes.value <= high:
                words = (
                    f"{state.label}: the fleet {role} waits {minutes.value} minutes for spot; EMR takes {low} to {high}"
                )
                yield definition.at(state, *minutes.key), words


def _primary_on_spot(definition: Definition) -> Iterator[tuple[Place, str]]:
    return _on_spot(definition, "MASTER", "the primary node")


def _core_on_spot(definition: Definition) -> Iterator[tuple[Place, str]]:
    return _on_spot(definition, "CORE", "core nodes")


def _on_spot(definition: Definition, wanted: str, words: str) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        for role, part in _parts(cluster):
            spot = part.get("TargetSpotCapacity").literal
            if role == wanted and (part.get("Market").literal == "SPOT" or (isinstance(spot, int) and spot > 0)):
                yield definition.at(state, *part.key), f"{state.label} takes {words} from spot"


def _old_types(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        for leaf in cluster.leaves():
            if leaf.key[-1] in _TYPE_NAMES and isinstance(leaf.literal, str) and is_old(leaf.literal):
                yield definition.at(state, *leaf.key), f"{state.label} asks for {leaf.value}"


def _names(definition: Definition) -> Iterator[tuple[Place, str]]:
    yield from _names_given_twice(definition)
    known = _known_names(definition)
    for state in definition.states if known else ():
        call = call_of(state)
        if call and call.action in ("modifyInstanceFleetByName", "modifyInstanceGroupByName"):
            name = given(state).get("InstanceFleetName" if "Fleet" in call.action else "InstanceGroupName")
            if isinstance(name.literal, str) and name.value not in known:
                yield (
                    definition.at(state, *name.key),
                    f"{state.label} modifies {name.value!r}, which no cluster here has",
                )


def _names_given_twice(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        seen: set[str] = set()
        for _, part in _parts(cluster):
            name = part.get("Name")
            if isinstance(name.literal, str) and name.value in seen:
                yield definition.at(state, *name.key), f"{state.label} gives the name {name.value!r} twice"
            seen.add(str(name.literal))


def _known_names(definition: Definition) -> set[str]:
    """Return the names of all fleets and groups; none when some of them cannot be seen."""
    known = set()
    for _, cluster in creates(definition):
        names = [part.get("Name") for _, part in _parts(cluster)]
        instances = [cluster.get("Instances", field) for field in ("InstanceFleets", "InstanceGroups")]
        if any(each.is_hidden for each in (*names, *instances)):
            return set()
        known |= {str(name.literal) for name in names}
    return known


def _policies(definition: Definition) -> Iterator[tuple[State, Given, Given]]:
    """Yield every custom policy of a group, with its cluster."""
    for state, cluster in creates(definition):
        for _, part in _parts(cluster):
            policy = part.get("AutoScalingPolicy")
            if not policy.is_missing and not part.is_hidden:
                yield state, cluster, policy


def _two_scalings(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster, policy in _policies(definition):
        if not cluster.get("ManagedScalingPolicy").is_missing:
            words = f"{state.label} gives a group an AutoScalingPolicy, and the cluster a ManagedScalingPolicy"
            yield definition.at(state, *policy.key), words


def _policy_without_role(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster, policy in _policies(definition):
        if cluster.get("AutoScalingRole").is_missing:
            yield definition.at(state, *policy.key), f"{state.label} has an AutoScalingPolicy and no AutoScalingRole"


def _role_with_fleets(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state, cluster in creates(definition):
        role, instances = cluster.get("AutoScalingRole"), cluster.get("Instances")
        if instances.is_hidden or role.is_missing or instances.get("InstanceFleets").is_missing:
            continue
        yield definition.at(state, *role.key), f"{state.label} gives an AutoScalingRole to a cluster with fleets"


def _periods(definition: Definition) -> Iterator[tuple[Place, str]]:
    found = [(state, policy) for state, _, policy in _policies(definition)]
    put = [state for state in definition.states if (call := call_of(state)) and call.action == "putAutoScalingPolicy"]
    found += [(state, given(state).get("AutoScalingPolicy")) for state in put]
    for state, policy in found:
        for rule in policy.get("Rules").items():
            period = rule.get("Trigger", "CloudWatchAlarmDefinition", "Period")
            if isinstance(period.literal, int) and (period.value < _METRIC_PERIOD or period.value % _METRIC_PERIOD):
                words = f"{state.label} has an alarm with a period of {period.value} s"
                yield definition.at(state, *period.key), words


NODE_RULES = (
    Rule(
        id="emr-fleets-and-groups",
        severity="error",
        why="A cluster has either fleets or groups; EMR refuses one with both.",
        fix="Give InstanceFleets or InstanceGroups.",
        link=_FLEETS_PAGE,
        find=_fleets_and_groups,
    ),
    Rule(
        id="emr-roles-of-nodes",
        severity="error",
        why="EMR refuses a cluster without exactly one primary node (or three), or with task nodes and no core nodes.",
        fix="Give one primary node, and core nodes wherever there are task nodes.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-master-core-task-nodes.html",
        find=_bad_roles,
    ),
    Rule(
        id="emr-fleet-types",
        severity="error",
        why="EMR refuses a fleet with more instance types.",
        fix="Take types out, or give an AllocationStrategy, which allows 30.",
        link=_FLEETS_PAGE,
        find=_many_types,
    ),
    Rule(
        id="emr-spot-timeout",
        severity="error",
        why="EMR refuses a longer or shorter wait for spot capacity.",
        fix="Choose a number of minutes within the range.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_SpotProvisioningSpecification.html",
        find=_bad_timeouts,
    ),
    Rule(
        id="emr-primary-on-spot",
        severity="warning",
        why="When EC2 takes the primary node back, the cluster ends and all its work is lost.",
        fix="Take the primary node on demand; it costs little beside the workers.",
        link=_PURCHASE_PAGE,
        find=_primary_on_spot,
    ),
    Rule(
        id="emr-core-on-spot",
        severity="note",
        why="When EC2 takes core nodes back, what HDFS and shuffles keep on them is lost and has to be done again.",
        fix="Take core nodes on demand, and as many task nodes from spot as the job can use.",
        link=_PURCHASE_PAGE,
        find=_core_on_spot,
    ),
    Rule(
        id="emr-instance-generation-old",
        severity="warning",
        why="Newer generations do the same work in less time for less money, and old ones run out.",
        fix="Choose a type of a current generation, such as m7g, r7g or c7g.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-supported-instance-types.html",
        find=_old_types,
    ),
    Rule(
        id="emr-names-of-nodes",
        severity="error",
        why="modifyInstanceFleetByName and modifyInstanceGroupByName find fleets and groups by a name there is once.",
        fix="Give every fleet or group a name of its own, and write it the same in both places.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html",
        find=_names,
    ),
    Rule(
        id="emr-two-scalings",
        severity="error",
        why="A cluster is scaled by EMR's managed scaling or by custom policies of its groups, not by both.",
        fix="Remove the ManagedScalingPolicy or the AutoScalingPolicy.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html",
        find=_two_scalings,
    ),
    Rule(
        id="emr-scaling-role-missing",
        severity="error",
        why="Without an AutoScalingRole, which can only be given at creation, a custom policy cannot change anything.",
        fix="Give createCluster an AutoScalingRole.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role-automatic-scaling.html",
        find=_policy_without_role,
    ),
    Rule(
        id="emr-scaling-role-unused",
        severity="warning",
        why="Custom scaling policies exist for instance groups only; with fleets the role has no use.",
        fix="Remove the AutoScalingRole, and give the cluster a ManagedScalingPolicy.",
        link=_SCALING_PAGE,
        find=_role_with_fleets,
    ),
    Rule(
        id="emr-alarm-period",
        severity="warning",
        why="EMR publishes its metrics every five minutes; an alarm with another period has no data most of the time.",
        fix="Set Period to 300 and count longer times in EvaluationPeriods.",
        link=_SCALING_PAGE,
        find=_periods,
    ),
)
