"""API calls about whole clusters."""

import copy
from collections.abc import Callable

from botocore.utils import parse_to_aware_datetime

from scripts.local.emr import describe
from scripts.local.emr.ending import USER_REQUEST, terminate
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.idle import IDLE_TIMEOUT_DEFAULT_SECONDS, rearm
from scripts.local.emr.lookup import by_cluster_id, by_job_flow_id, modifiable
from scripts.local.emr.model import ENDED, MODIFIABLE, Cluster, Params, Timeline
from scripts.local.emr.paging import page
from scripts.local.emr.pool_rules import implied_groups
from scripts.local.emr.provisioning import make_pool
from scripts.local.emr.starting import start
from scripts.local.emr.steps import add_steps, advance
from scripts.local.emr.validation import (
    validate_auto_termination,
    validate_concurrency,
    validate_managed_scaling,
    validate_run_job_flow,
)
from scripts.local.emr.world import World

TERMINATE_MAX = 10
"""https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html."""


def run_job_flow(world: World, params: Params) -> Params:
    """Create a cluster; it starts at once."""
    validate_run_job_flow(params)
    cluster = _new_cluster(world, copy.deepcopy(params))
    world.clusters[cluster.id] = cluster
    start(world, cluster)
    if steps := cluster.request.get("Steps"):
        add_steps(world, cluster, steps, cluster.request.get("StepExecutionRoleArn"))
    return {"JobFlowId": cluster.id, "ClusterArn": cluster.arn}


def describe_cluster(world: World, params: Params) -> Params:
    """Describe one cluster."""
    return {"Cluster": describe.cluster(by_cluster_id(world, params["ClusterId"]), world.now())}


def list_clusters(world: World, params: Params) -> Params:
    """List clusters, newest first, by state and time of creation."""
    after, before = _epoch(params, "CreatedAfter"), _epoch(params, "CreatedBefore")
    states = params.get("ClusterStates")
    matching = [
        cluster
        for cluster in reversed(world.clusters.values())
        if (not states or cluster.state.value in states)
        and (after is None or cluster.timeline.created > after)
        and (before is None or cluster.timeline.created < before)
    ]
    shown, following = page(matching, params.get("Marker"))
    return {"Clusters": [describe.cluster_summary(cluster, world.now()) for cluster in shown]} | following


def terminate_job_flows(world: World, params: Params) -> Params:
    """End clusters. Protected ones stay, and are complained about after the others began to end."""
    ids = params["JobFlowIds"]
    if len(ids) > TERMINATE_MAX:
        raise EmrApiError("ValidationException", f"At most {TERMINATE_MAX} job flows may be terminated in one call.")
    clusters = [by_job_flow_id(world, job_flow_id) for job_flow_id in ids]
    protected = [cluster for cluster in clusters if cluster.protected and cluster.state in MODIFIABLE]
    for cluster in clusters:
        if cluster not in protected:
            terminate(world, cluster, USER_REQUEST)
    if protected:
        raise EmrApiError(
            "ValidationException", "Could not shut down one or more job flows since they are termination protected."
        )
    return {}


def set_termination_protection(world: World, params: Params) -> Params:
    """Protect clusters, or no longer."""
    for cluster in _modifiable_job_flows(world, params):
        cluster.protected = params["TerminationProtected"]
    return {}


def set_keep_alive(world: World, params: Params) -> Params:
    """Let clusters wait for steps, or end after the last one, which may be now."""
    for cluster in _modifiable_job_flows(world, params):
        cluster.keep_alive = params["KeepJobFlowAliveWhenNoSteps"]
        advance(world, cluster)
    return {}


def modify_cluster(world: World, params: Params) -> Params:
    """Change the step concurrency."""
    cluster = modifiable(by_cluster_id(world, params["ClusterId"]))
    if "StepConcurrencyLevel" in params:
        validate_concurrency(params["StepConcurrencyLevel"])
        cluster.concurrency = params["StepConcurrencyLevel"]
        advance(world, cluster)
    return {"StepConcurrencyLevel": cluster.concurrency}


def add_tags(world: World, params: Params) -> Params:
    """Add or overwrite tags."""
    _taggable(world, params).tags.update(_tags(params["Tags"]))
    return {}


def remove_tags(world: World, params: Params) -> Params:
    """Remove tags; unknown keys do no harm."""
    cluster = _taggable(world, params)
    for key in params["TagKeys"]:
        cluster.tags.pop(key, None)
    return {}


def put_auto_termination_policy(world: World, params: Params) -> Params:
    """Set the idle time after which the cluster ends; it counts from now."""
    cluster = modifiable(by_cluster_id(world, params["ClusterId"]))
    policy = params.get("AutoTerminationPolicy", {})
    validate_auto_termination(policy)
    cluster.auto_termination = _with_default_timeout(policy)
    rearm(world, cluster)
    return {}


def get_auto_termination_policy(world: World, params: Params) -> Params:
    """Return the policy, if there is one."""
    policy = by_cluster_id(world, params["ClusterId"]).auto_termination
    return {} if policy is None else {"AutoTerminationPolicy": dict(policy)}


def remove_auto_termination_policy(world: World, params: Params) -> Params:
    """Let the cluster be idle for ever."""
    cluster = modifiable(by_cluster_id(world, params["ClusterId"]))
    cluster.auto_termination = None
    rearm(world, cluster)
    return {}


def put_managed_scaling_policy(world: World, params: Params) -> Params:
    """Scale the cluster by this policy from now on."""
    cluster = modifiable(by_cluster_id(world, params["ClusterId"]))
    validate_managed_scaling(params["ManagedScalingPolicy"], is_fleet=cluster.is_fleet)
    if any("AutoScalingPolicy" in pool.config for pool in cluster.pools):
        raise EmrApiError(
            "ValidationException", "A cluster cannot have both a managed scaling policy and automatic scaling policies."
        )
    cluster.managed_scaling = copy.deepcopy(params["ManagedScalingPolicy"])
    cluster.on_usage()
    return {}


def get_managed_scaling_policy(world: World, params: Params) -> Params:
    """Return the policy, if there is one."""
    policy = by_cluster_id(world, params["ClusterId"]).managed_scaling
    return {} if policy is None else {"ManagedScalingPolicy": copy.deepcopy(policy)}


def remove_managed_scaling_policy(world: World, params: Params) -> Params:
    """Leave the cluster at the size it has."""
    modifiable(by_cluster_id(world, params["ClusterId"])).managed_scaling = None
    return {}


CALLS: dict[str, Callable[[World, Params], Params]] = {
    "RunJobFlow": run_job_flow,
    "DescribeCluster": describe_cluster,
    "ListClusters": list_clusters,
    "TerminateJobFlows": terminate_job_flows,
    "SetTerminationProtection": set_termination_protection,
    "SetKeepJobFlowAliveWhenNoSteps": set_keep_alive,
    "ModifyCluster": modify_cluster,
    "AddTags": add_tags,
    "RemoveTags": remove_tags,
    "PutAutoTerminationPolicy": put_auto_termination_policy,
    "GetAutoTerminationPolicy": get_auto_termination_policy,
    "RemoveAutoTerminationPolicy": remove_auto_termination_policy,
    "PutManagedScalingPolicy": put_managed_scaling_policy,
    "GetManagedScalingPolicy": get_managed_scaling_policy,
    "RemoveManagedScalingPolicy": remove_managed_scaling_policy,
}


def _new_cluster(world: World, request: Params) -> Cluster:
    instances = request["Instances"]
    cluster_id = world.new_id("j-")
    fleets = instances.get("InstanceFleets")
    policy = request.get("AutoTerminationPolicy")
    configs = fleets or instances.get("InstanceGroups") or implied_groups(instances)
    return Cluster(
        id=cluster_id,
        arn=f"arn:aws:elasticmapreduce:{world.region}:{world.account}:cluster/{cluster_id}",
        zone=_zone(world, instances),
        request=request,
        timeline=Timeline(world.now()),
        is_fleet=bool(fleets),
        keep_alive=instances.get("KeepJobFlowAliveWhenNoSteps", False),
        protected=instances.get("TerminationProtected", False),
        concurrency=request.get("StepConcurrencyLevel", 1),
        tags=_tags(request.get("Tags", [])),
        auto_termination=None if policy is None else _with_default_timeout(policy),
        managed_scaling=request.get("ManagedScalingPolicy"),
        pools=[make_pool(world, config, is_fleet=bool(fleets)) for config in configs],
    )


def _zone(world: World, instances: Params) -> str:
    placement = instances.get("Placement", {})
    wanted = [placement.get("AvailabilityZone"), *placement.get("AvailabilityZones", [])]
    return next((zone for zone in wanted if zone), f"{world.region}a")


def _with_default_timeout(policy: Params) -> Params:
    return {"IdleTimeout": policy.get("IdleTimeout", IDLE_TIMEOUT_DEFAULT_SECONDS)}


def _modifiable_job_flows(world: World, params: Params) -> list[Cluster]:
    return [modifiable(by_job_flow_id(world, job_flow_id)) for job_flow_id in params["JobFlowIds"]]


def _taggable(world: World, params: Params) -> Cluster:
    cluster = by_cluster_id(world, params["ResourceId"])
    if cluster.state in ENDED:
        raise EmrApiError("InvalidRequestException", "Tags cannot be modified on terminated clusters.")
    return cluster


def _tags(tags: list[Params]) -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in tags}


def _epoch(params: Params, name: str) -> float | None:
    if name not in params:
        return None
    return float(parse_to_aware_datetime(params[name]).timestamp())
