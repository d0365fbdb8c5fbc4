"""The rules about the nodes of a cluster: instance groups, instance fleets, their scaling policies.

"Create an Amazon EMR cluster with instance fleets or uniform instance groups",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-group-configuration.html, and "Planning and
configuring instance fleets", https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html.
"""

from collections import Counter
from collections.abc import Sequence

from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.model import Params

TASK_GROUPS_MAX = 48
PRIMARY_COUNTS = (1, 3)
FLEET_TYPES_MAX = 5
FLEET_TYPES_WITH_STRATEGY_MAX = 30
SPOT_TIMEOUT_MINUTES = (5, 1440)
"""`TimeoutDurationMinutes`: https://docs.aws.amazon.com/emr/latest/APIReference/API_SpotProvisioningSpecification.html."""
VOLUMES_MAX = 25
CORE_VOLUME_MIN_GIB = 5
"""These two: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-storage.html."""
VOLUME_GIB = (1, 1024)
VOLUME_TYPES = ("gp3", "gp2", "io1", "st1", "sc1", "standard")
"""`SizeInGB` and `VolumeType` of https://docs.aws.amazon.com/emr/latest/APIReference/API_VolumeSpecification.html."""
RESIZE_TIMEOUT_MINUTES = (5, 10_080)
"""`TimeoutDurationMinutes`: https://docs.aws.amazon.com/emr/latest/APIReference/API_SpotResizingSpecification.html."""

_COUNT_WORDS = {0: "Zero", 2: "Two", 3: "Three"}


def validate_nodes(params: Params) -> None:
    """Refuse nodes EMR would not launch."""
    instances = params["Instances"]
    groups, fleets = instances.get("InstanceGroups"), instances.get("InstanceFleets")
    if groups and fleets:
        raise _refuse("Instance fleets and instance groups are mutually exclusive. Please specify only one of them.")
    if fleets:
        _validate_fleets(fleets)
    elif groups:
        _validate_groups(groups)
        if len(instances.get("Ec2SubnetIds", [])) > 1:
            raise _refuse("A cluster that uses instance groups can only have one subnet.")
    elif not ("MasterInstanceType" in instances and instances.get("InstanceCount", 0) >= 1):
        raise _refuse("Instance groups, instance fleets, or instance types and an instance count must be specified.")


def implied_groups(instances: Params) -> list[Params]:
    """Return the groups that MasterInstanceType, SlaveInstanceType and InstanceCount stand for.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_JobFlowInstancesConfig.html.
    """
    primary_type = instances["MasterInstanceType"]
    workers = instances["InstanceCount"] - 1
    groups = [{"InstanceRole": "MASTER", "InstanceType": primary_type, "InstanceCount": 1}]
    if workers:
        worker_type = instances.get("SlaveInstanceType", primary_type)
        groups.append({"InstanceRole": "CORE", "InstanceType": worker_type, "InstanceCount": workers})
    return groups


def validate_fleet_types(fleet: Params, *, primary: bool) -> None:
    """Refuse a fleet's instance types: too many, twice the same, of no weight."""
    name = fleet.get("Name", fleet.get("InstanceFleetType", ""))
    configs = fleet.get("InstanceTypeConfigs", [])
    if not configs:
        raise _refuse(f"The instance fleet: {name} must specify at least one instance type.")
    specifications = fleet.get("LaunchSpecifications", {}).values()
    has_strategy = any("AllocationStrategy" in specification for specification in specifications)
    limit = FLEET_TYPES_WITH_STRATEGY_MAX if has_strategy else FLEET_TYPES_MAX
    if len(configs) > limit:
        raise _refuse(
            f"The instance fleet: {name} specifies {len(configs)} instance types, at most {limit} are allowed."
        )
    counts = Counter(config["InstanceType"] for config in configs)
    if duplicates := [name for name, count in counts.items() if count > 1]:
        raise _refuse(f"The instance fleet: {name} contains duplicate instance types [{', '.join(duplicates)}].")
    for config in configs:
        weight = config.get("WeightedCapacity", 1)
        if weight < 1 or (primary and weight != 1):
            raise _refuse(f"The instance fleet: {name} has an invalid weighted capacity for {config['InstanceType']}.")
        if "BidPrice" in config and "BidPriceAsPercentageOfOnDemandPrice" in config:
            raise _refuse("BidPrice and BidPriceAsPercentageOfOnDemandPrice are mutually exclusive.")


def validate_resize_timeouts(fleet: Params) -> None:
    """Refuse resize timeouts out of range."""
    for specification in fleet.get("ResizeSpecifications", {}).values():
        _validate_minutes(specification.get("TimeoutDurationMinutes"), RESIZE_TIMEOUT_MINUTES)


def _refuse(message: str) -> EmrApiError:
    return EmrApiError("ValidationException", message)


def _validate_groups(groups: Sequence[Params]) -> None:
    by_role = Counter(group["InstanceRole"] for group in groups)
    _require_one_primary(by_role["MASTER"], "instance group")
    if by_role["CORE"] > 1:
        raise _refuse("A cluster can only have one core instance group.")
    if by_role["TASK"] > TASK_GROUPS_MAX:
        raise _refuse(f"A cluster can have at most {TASK_GROUPS_MAX} task instance groups.")
    _require_core(by_role)
    for group in groups:
        _validate_group(group)


def _validate_group(group: Params) -> None:
    role, count = group["InstanceRole"], group["InstanceCount"]
    if role == "MASTER" and count not in PRIMARY_COUNTS:
        raise _refuse("A master instance group must specify a single instance, or three for high availability.")
    if count < (0 if role == "TASK" else 1):
        raise _refuse(f"The instance count of the {role} instance group is invalid: {count}.")
    _validate_volumes(group, role)
    policy = group.get("AutoScalingPolicy")
    if policy:
        if role == "MASTER":
            raise _refuse("An automatic scaling policy is not allowed for a master instance group.")
        validate_scaling_policy(policy)


def validate_scaling_policy(policy: Params) -> None:
    """Refuse a policy of a group with impossible limits or names.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_AutoScalingPolicy.html.
    """
    limits = policy["Constraints"]
    if not 0 <= limits["MinCapacity"] <= limits["MaxCapacity"]:
        raise _refuse("MinCapacity must be at least 0 and at most MaxCapacity.")
    names = Counter(rule["Name"] for rule in policy["Rules"])
    if duplicates := [name for name, count in names.items() if count > 1]:
        raise _refuse(f"The names of scaling rules must be unique: {', '.join(duplicates)}.")


def _validate_fleets(fleets: Sequence[Params]) -> None:
    by_role = Counter(fleet["InstanceFleetType"] for fleet in fleets)
    _require_one_primary(by_role["MASTER"], "instance fleet")
    for role in ("CORE", "TASK"):
        if by_role[role] > 1:
            raise _refuse(f"A cluster can only have one {role.lower()} instance fleet.")
    _require_core(by_role)
    for fleet in fleets:
        _validate_fleet(fleet)


def _validate_fleet(fleet: Params) -> None:
    role = fleet["InstanceFleetType"]
    targets = fleet.get("TargetOnDemandCapacity", 0), fleet.get("TargetSpotCapacity", 0)
    if role == "MASTER" and sorted(targets) != [0, 1]:
        raise _refuse(
            "A master instance fleet can only have a target capacity of 1. "
            "Specify it as either On-Demand or Spot capacity."
        )
    if role == "CORE" and sum(targets) < 1:
        raise _refuse("A core instance fleet must have a target capacity greater than 0.")
    validate_fleet_types(fleet, primary=role == "MASTER")
    for config in fleet["InstanceTypeConfigs"]:
        _validate_volumes(config, role)
    spot = fleet.get("LaunchSpecifications", {}).get("SpotSpecification")
    if spot:
        _validate_minutes(spot["TimeoutDurationMinutes"], SPOT_TIMEOUT_MINUTES)
    validate_resize_timeouts(fleet)


def _validate_volumes(config: Params, role: str) -> None:
    """Refuse disks EMR would not attach to instances of a group or of a type of a fleet."""
    wanted = config.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs", [])
    if (count := sum(item.get("VolumesPerInstance", 1) for item in wanted)) > VOLUMES_MAX:
        raise _refuse(f"An instance can have at most {VOLUMES_MAX} EBS volumes, not {count}.")
    smallest, biggest = VOLUME_GIB
    if role == "CORE":
        smallest = CORE_VOLUME_MIN_GIB
    for specification in (item["VolumeSpecification"] for item in wanted):
        if specification["VolumeType"] not in VOLUME_TYPES:
            raise _refuse(f"The VolumeType {specification['VolumeType']} is not one of {', '.join(VOLUME_TYPES)}.")
        if not smallest <= specification["SizeInGB"] <= biggest:
            raise _refuse(f"The SizeInGB of a {role} volume must be from {smallest} to {biggest}.")


def _validate_minutes(minutes: int | None, allowed: tuple[int, int]) -> None:
    lowest, highest = allowed
    if minutes is not None and not lowest <= minutes <= highest:
        raise _refuse(f"TimeoutDurationMinutes must be from {lowest} to {highest}, not {minutes}.")


def _require_one_primary(count: int, kind: str) -> None:
    if count != 1:
        word = _COUNT_WORDS.get(count, str(count))
        raise _refuse(f"{word} master {kind}s supplied, you must specify exactly one master {kind}")


def _require_core(by_role: Counter[str]) -> None:
    if by_role["TASK"] and not by_role["CORE"]:
        raise _refuse("Clusters with task nodes must also define core nodes.")
