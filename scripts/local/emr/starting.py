"""The start of a cluster: capacity, bootstrap actions, readiness, and what prevents it.

"Understanding the cluster lifecycle", https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-overview.html, and the
error codes with their `ErrorData`,
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-troubleshoot-error-errordetail.html.
"""

from collections.abc import Mapping
from functools import partial

from scripts.local.emr.durations import FLEET_GIVE_UP_SECONDS
from scripts.local.emr.ending import terminate
from scripts.local.emr.model import (
    MODIFIABLE,
    Cluster,
    ClusterState,
    InstanceState,
    Market,
    Params,
    Pool,
    Reason,
    Role,
)
from scripts.local.emr.playing import settle
from scripts.local.emr.provisioning import fill
from scripts.local.emr.scaling import scaler
from scripts.local.emr.spot import lose_spot
from scripts.local.emr.steps import RUNNING_STEP, advance
from scripts.local.emr.transitions import announce_cluster, move_cluster
from scripts.local.emr.world import World

PROVISIONING_CAPACITY = Reason("Provisioning Amazon EC2 capacity")
RUNNING_BOOTSTRAP_ACTIONS = Reason("Running bootstrap actions")
CONFIGURING_SOFTWARE = Reason("Configuring cluster software")

_ERROR_PAGES = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_SECONDS_PER_MINUTE = 60


def start(world: World, cluster: Cluster) -> None:
    """Ask for the capacity of a new cluster and set the timers that may end or change it."""
    cluster.reason = PROVISIONING_CAPACITY
    announce_cluster(world, cluster)
    cluster.on_nodes = lambda: _progress(world, cluster)
    for pool in cluster.pools:
        fill(world, cluster, pool)
        if pool.is_fleet:
            _limit_patience(world, cluster, pool)
    for loss in world.faults.spot_losses:
        world.later(loss.after_seconds, partial(_lose_spot, world, cluster, Role(loss.role)), awaited=False)


def _lose_spot(world: World, cluster: Cluster, role: Role) -> None:
    lose_spot(world, cluster, role)
    settle(world, cluster)


def _progress(world: World, cluster: Cluster) -> None:
    if cluster.state not in MODIFIABLE:
        return
    for pool in cluster.pools:
        if pool.timeline.ready is None and _all_at_least(cluster, pool, InstanceState.RUNNING):
            pool.timeline.ready = world.now()
    # A task fleet or group never keeps a cluster from becoming ready.
    vital = [pool for pool in cluster.pools if pool.role != Role.TASK]
    if cluster.state in (ClusterState.STARTING, ClusterState.BOOTSTRAPPING) and _bootstrap_fails(world, cluster):
        return
    if cluster.state == ClusterState.STARTING and all(
        _all_at_least(cluster, pool, InstanceState.BOOTSTRAPPING) for pool in vital
    ):
        scripts = cluster.request.get("BootstrapActions")
        reason = RUNNING_BOOTSTRAP_ACTIONS if scripts else CONFIGURING_SOFTWARE
        move_cluster(world, cluster, ClusterState.BOOTSTRAPPING, reason)
    if cluster.state == ClusterState.BOOTSTRAPPING and all(
        _all_at_least(cluster, pool, InstanceState.RUNNING) for pool in vital
    ):
        cluster.timeline.ready = world.now()
        scaler.begin(world, cluster)
        move_cluster(world, cluster, ClusterState.RUNNING, RUNNING_STEP)
        advance(world, cluster)
    settle(world, cluster)


def _all_at_least(cluster: Cluster, pool: Pool, state: InstanceState) -> bool:
    reached = {InstanceState.RUNNING, state}
    return cluster.is_filled(pool) and all(instance.state in reached for instance in cluster.living(pool))


def _bootstrap_fails(world: World, cluster: Cluster) -> bool:
    primary = cluster.primary()
    if primary is None or primary.state != InstanceState.RUNNING:
        return False
    code = world.faults.bootstrap_exit_code(primary.type)
    if code == 0:
        return False
    scripts = cluster.request.get("BootstrapActions", [])
    path = {"amazon-s3-path": scripts[0]["ScriptBootstrapAction"]["Path"]} if scripts else {}
    message = f"On the master instance ({primary.ec2_id}), bootstrap action 1 returned a non-zero return code"
    detail = _error_detail(
        "BOOTSTRAP_FAILURE_PRIMARY_WITH_NON_ZERO_CODE",
        {"primary-instance-id": primary.ec2_id, "bootstrap-action": "1", "return-code": str(code)} | path,
        message,
    )
    terminate(world, cluster, Reason(message, "BOOTSTRAP_FAILURE"), [detail])
    return True


def _limit_patience(world: World, cluster: Cluster, pool: Pool) -> None:
    """Set the timers of a fleet: its Spot timeout, and the end of the wait for capacity it cannot do without."""
    spot = pool.config.get("LaunchSpecifications", {}).get("SpotSpecification")
    if spot:
        seconds = spot["TimeoutDurationMinutes"] * _SECONDS_PER_MINUTE
        world.later(seconds, lambda: _spot_timeout(world, cluster, pool, spot["TimeoutAction"]), awaited=False)
    elif pool.role == Role.MASTER:
        world.later(
            FLEET_GIVE_UP_SECONDS, lambda: _spot_timeout(world, cluster, pool, "TERMINATE_CLUSTER"), awaited=False
        )
    _give_up_later(world, cluster, pool)


def _give_up_later(world: World, cluster: Cluster, pool: Pool) -> None:
    if pool.patience:
        pool.patience()
    if pool.role != Role.TASK:
        pool.patience = world.later(
            FLEET_GIVE_UP_SECONDS, lambda: _on_demand_timeout(world, cluster, pool), awaited=False
        )


def _spot_timeout(world: World, cluster: Cluster, pool: Pool, action: str) -> None:
    """Act on Spot capacity still missing.

    `TimeoutAction`:
    https://docs.aws.amazon.com/emr/latest/APIReference/API_SpotProvisioningSpecification.html.
    """
    if cluster.state not in MODIFIABLE:
        return
    fill(world, cluster, pool)
    missing = cluster.missing(pool, Market.SPOT)
    if not missing:
        return
    if action == "SWITCH_TO_ON_DEMAND":
        pool.targets[Market.SPOT] -= missing
        pool.targets[Market.ON_DEMAND] += missing
        fill(world, cluster, pool)
        _give_up_later(world, cluster, pool)
    elif pool.role == Role.MASTER:
        _end_for_capacity(world, cluster, pool, "INTERNAL_ERROR_SPOT_NO_CAPACITY_PRIMARY")
    else:
        name = pool.config.get("Name", pool.id)
        message = f"Timed out provisioning Spot capacity for the instance fleet {name}"
        terminate(world, cluster, Reason(message, "INSTANCE_FLEET_TIMEOUT"))


def _on_demand_timeout(world: World, cluster: Cluster, pool: Pool) -> None:
    if cluster.state != ClusterState.STARTING:
        return
    fill(world, cluster, pool)
    if cluster.missing(pool, Market.ON_DEMAND):
        _end_for_capacity(world, cluster, pool, "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ")


def _end_for_capacity(world: World, cluster: Cluster, pool: Pool, error_code: str) -> None:
    types = ", ".join(offer.type for offer in pool.offers)
    message = (
        f"We currently do not have sufficient {types} capacity in the Availability Zone you requested ({cluster.zone})."
    )
    detail = _error_detail(error_code, {"instance-type": types, "availability-zone": cluster.zone}, message)
    terminate(world, cluster, Reason(message, "INTERNAL_ERROR"), [detail])


def _error_detail(code: str, data: Mapping[str, str], message: str) -> Params:
    page = {"public-doc": f"{_ERROR_PAGES}{code}.html"}
    entries = [{key: value} for key, value in (dict(data) | page).items()]
    return {"ErrorCode": code, "ErrorData": entries, "ErrorMessage": message}
