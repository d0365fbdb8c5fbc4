"""API calls about the nodes of a cluster."""

import copy
from collections.abc import Callable

from scripts.local.emr import describe
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.lookup import by_cluster_id, modifiable
from scripts.local.emr.model import READY, Cluster, Instance, Market, Params, Pool, Role
from scripts.local.emr.pool_rules import validate_fleet_types, validate_resize_timeouts, validate_scaling_policy
from scripts.local.emr.provisioning import fleet_offers
from scripts.local.emr.resizing import resize
from scripts.local.emr.world import World


def list_instances(world: World, params: Params) -> Params:
    """List instances, the ended ones as well, by group, fleet, role and state."""
    cluster = by_cluster_id(world, params["ClusterId"])
    asks_for_groups = "InstanceGroupId" in params or "InstanceGroupTypes" in params
    if asks_for_groups and cluster.is_fleet:
        raise _wrong_collection("ListInstances", cluster)
    if ("InstanceFleetId" in params or "InstanceFleetType" in params) and not cluster.is_fleet:
        raise _wrong_collection("ListInstances", cluster)
    chosen = [instance for instance in cluster.instances if _matches(instance, params)]
    return {"Instances": [describe.instance(instance, is_fleet=cluster.is_fleet) for instance in chosen]}


def list_instance_groups(world: World, params: Params) -> Params:
    """List instance groups."""
    cluster = by_cluster_id(world, params["ClusterId"])
    if cluster.is_fleet:
        raise _wrong_collection("ListInstanceGroups", cluster)
    return {"InstanceGroups": [describe.group(cluster, pool) for pool in cluster.pools]}


def list_instance_fleets(world: World, params: Params) -> Params:
    """List instance fleets."""
    cluster = by_cluster_id(world, params["ClusterId"])
    if not cluster.is_fleet:
        raise _wrong_collection("ListInstanceFleets", cluster)
    return {"InstanceFleets": [describe.fleet(cluster, pool) for pool in cluster.pools]}


def list_bootstrap_actions(world: World, params: Params) -> Params:
    """List bootstrap actions."""
    cluster = by_cluster_id(world, params["ClusterId"])
    actions = cluster.request.get("BootstrapActions", [])
    return {"BootstrapActions": [describe.bootstrap_action(action) for action in actions]}


def modify_instance_groups(world: World, params: Params) -> Params:
    """Change the number of instances of core and task groups."""
    changes = [(*_find_group(world, params, change["InstanceGroupId"]), change) for change in params["InstanceGroups"]]
    for cluster, pool, change in changes:
        _check_group_change(cluster, pool, change)
    for cluster, pool, change in changes:
        _change_group(world, cluster, pool, change)
    return {}


def modify_instance_fleet(world: World, params: Params) -> Params:
    """Change the targets, types and resize limits of a core or task fleet."""
    cluster = by_cluster_id(world, params["ClusterId"])
    change = copy.deepcopy(params["InstanceFleet"])
    if not cluster.is_fleet:
        raise _wrong_collection("ModifyInstanceFleet", cluster)
    pool = next((pool for pool in cluster.pools if pool.id == change["InstanceFleetId"]), None)
    if pool is None:
        raise EmrApiError("InvalidRequestException", f"Instance fleet id '{change['InstanceFleetId']}' is not valid.")
    if cluster.state not in READY:
        raise EmrApiError(
            "InvalidRequestException", "An instance fleet may only be modified when the cluster is running or waiting."
        )
    if pool.role == Role.MASTER:
        raise EmrApiError("InvalidRequestException", "A master instance fleet may not be modified.")
    del change["InstanceFleetId"]
    changed = pool.config | change
    validate_fleet_types(changed, primary=False)
    validate_resize_timeouts(changed)
    pool.config = changed
    pool.offers = fleet_offers(changed)
    if "TargetOnDemandCapacity" in change:
        pool.targets[Market.ON_DEMAND] = change["TargetOnDemandCapacity"]
    if "TargetSpotCapacity" in change:
        pool.targets[Market.SPOT] = change["TargetSpotCapacity"]
    resize(world, cluster, pool)
    return {}


def put_auto_scaling_policy(world: World, params: Params) -> Params:
    """Scale a core or task group by this policy from now on."""
    cluster, pool = _scalable_group(world, params)
    if pool.role == Role.MASTER:
        raise EmrApiError("ValidationException", "An automatic scaling policy is not allowed for a master group.")
    if cluster.managed_scaling:
        raise EmrApiError(
            "ValidationException", "A cluster cannot have both a managed scaling policy and automatic scaling policies."
        )
    if not cluster.request.get("AutoScalingRole"):
        raise EmrApiError("ValidationException", "An AutoScalingRole is required for automatic scaling policies.")
    policy = copy.deepcopy(params["AutoScalingPolicy"])
    validate_scaling_policy(policy)
    pool.config["AutoScalingPolicy"] = policy
    cluster.on_usage()
    return {
        "ClusterId": cluster.id,
        "InstanceGroupId": pool.id,
        "AutoScalingPolicy": copy.deepcopy(describe.scaling_policy(policy)),
        "ClusterArn": cluster.arn,
    }


def remove_auto_scaling_policy(world: World, params: Params) -> Params:
    """Leave a group at the size it has."""
    _, pool = _scalable_group(world, params)
    pool.config.pop("AutoScalingPolicy", None)
    return {}


CALLS: dict[str, Callable[[World, Params], Params]] = {
    "ListInstances": list_instances,
    "ListInstanceGroups": list_instance_groups,
    "ListInstanceFleets": list_instance_fleets,
    "ListBootstrapActions": list_bootstrap_actions,
    "ModifyInstanceGroups": modify_instance_groups,
    "ModifyInstanceFleet": modify_instance_fleet,
    "PutAutoScalingPolicy": put_auto_scaling_policy,
    "RemoveAutoScalingPolicy": remove_auto_scaling_policy,
}


def _wrong_collection(action: str, cluster: Cluster) -> EmrApiError:
    kind = "instance fleets" if cluster.is_fleet else "instance groups"
    return EmrApiError(
        "InvalidRequestException",
        "Instance fleets and instance groups are mutually exclusive. "
        f"The EMR cluster specified in the request uses {kind}. "
        f"The {action} request does not support clusters that use {kind}.",
    )


def _matches(instance: Instance, params: Params) -> bool:
    roles = params.get("InstanceGroupTypes") or ([params["InstanceFleetType"]] if "InstanceFleetType" in params else [])
    pool_id = params.get("InstanceGroupId") or params.get("InstanceFleetId")
    states = params.get("InstanceStates")
    return (
        (not roles or instance.role.value in roles)
        and (not pool_id or instance.pool_id == pool_id)
        and (not states or instance.state.value in states)
    )


def _find_group(world: World, params: Params, group_id: str) -> tuple[Cluster, Pool]:
    clusters = [by_cluster_id(world, params["ClusterId"])] if "ClusterId" in params else list(world.clusters.values())
    for cluster in clusters:
        for pool in cluster.pools:
            if pool.id == group_id and not pool.is_fleet:
                return cluster, pool
    raise EmrApiError("ValidationException", f"Instance group id '{group_id}' is not valid.")


def _scalable_group(world: World, params: Params) -> tuple[Cluster, Pool]:
    cluster = modifiable(by_cluster_id(world, params["ClusterId"]))
    if cluster.is_fleet:
        raise _wrong_collection("automatic scaling policy", cluster)
    return _find_group(world, params, params["InstanceGroupId"])


def _check_group_change(cluster: Cluster, pool: Pool, change: Params) -> None:
    if cluster.state not in READY:
        raise EmrApiError(
            "ValidationException", "An instance group may only be modified when the cluster is running or waiting."
        )
    count = change.get("InstanceCount")
    if count is not None and pool.role == Role.MASTER:
        raise EmrApiError("ValidationException", "The instance count of a master instance group may not be modified.")
    if count is not None and count < (0 if pool.role == Role.TASK else 1):
        raise EmrApiError("ValidationException", f"The instance count is invalid: {count}.")


def _change_group(world: World, cluster: Cluster, pool: Pool, change: Params) -> None:
    market = Market(pool.config.get("Market", "ON_DEMAND"))
    leaving = change.get("EC2InstanceIdsToTerminate", [])
    pool.targets[market] = change.get("InstanceCount", pool.targets[market] - len(leaving))
    if "Configurations" in change:
        pool.config["Configurations"] = copy.deepcopy(change["Configurations"])
    if "ShrinkPolicy" in change:
        pool.shrink_policy = copy.deepcopy(change["ShrinkPolicy"])
    resize(world, cluster, pool, leaving)
