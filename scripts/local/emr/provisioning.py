"""Instances from EC2: asked for, refused or launched, and their way to RUNNING."""

import math
from collections.abc import Sequence

from scripts.local.emr.durations import BOOTSTRAP_SECONDS, CAPACITY_RETRY_SECONDS, PROVISION_SECONDS
from scripts.local.emr.model import (
    Cluster,
    Instance,
    InstanceState,
    Market,
    Offer,
    Params,
    Pool,
    Role,
    Timeline,
)
from scripts.local.emr.world import World

_HEX = "0123456789abcdef"
_EC2_ID_LENGTH = 17


def make_pool(world: World, config: Params, *, is_fleet: bool) -> Pool:
    """Return the pool a request describes, still empty."""
    if is_fleet:
        targets = {
            Market.ON_DEMAND: config.get("TargetOnDemandCapacity", 0),
            Market.SPOT: config.get("TargetSpotCapacity", 0),
        }
        role, offers = Role(config["InstanceFleetType"]), fleet_offers(config)
    else:
        market = Market(config.get("Market", "ON_DEMAND"))
        targets = dict.fromkeys(Market, 0) | {market: config["InstanceCount"]}
        role, offers = Role(config["InstanceRole"]), (Offer(config["InstanceType"], 1),)
    pool_id = world.new_id("if-" if is_fleet else "ig-")
    return Pool(pool_id, role, is_fleet, config, offers, targets, Timeline(world.now()))


def fleet_offers(config: Params) -> tuple[Offer, ...]:
    """Return the types of a fleet in the order in which EC2 is asked: by `Priority`, then as listed.

    Of the allocation strategies only the order matters here; prices and free capacity per type are not modelled.
    """
    types = sorted(config.get("InstanceTypeConfigs", []), key=lambda item: float(item.get("Priority", math.inf)))
    return tuple(Offer(item["InstanceType"], item.get("WeightedCapacity", 1)) for item in types)


def fill(world: World, cluster: Cluster, pool: Pool) -> None:
    """Launch what a pool lacks, and keep asking for what EC2 does not have.

    The cluster is told whenever its instances have come further.

    Capacity units: "Planning and configuring instance fleets",
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html. A shortage is retried until it is
    over: "Responding to Amazon EMR cluster insufficient instance capacity events",
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-events-response-insuff-capacity.html.
    """
    if pool.retry:
        pool.retry()
        pool.retry = None
    for market in Market:
        offer = _available(world, pool, market)
        if offer and (units := cluster.missing(pool, market)):
            _launch(world, cluster, pool, market, offer, math.ceil(units / offer.units))
    if not cluster.is_filled(pool):
        pool.retry = world.later(CAPACITY_RETRY_SECONDS, lambda: fill(world, cluster, pool))


def _available(world: World, pool: Pool, market: Market) -> Offer | None:
    now = world.now()
    return next((offer for offer in pool.offers if not world.faults.is_short(offer.type, market, now)), None)


def _launch(
    world: World,
    cluster: Cluster,
    pool: Pool,
    market: Market,
    offer: Offer,
    count: int,
) -> None:
    first = len(cluster.instances)
    batch = [_instance(world, pool, market, offer, first + index) for index in range(count)]
    cluster.instances += batch
    provision = world.faults.provisioning_seconds(offer.type, PROVISION_SECONDS)

    def come_to(state: InstanceState) -> None:
        _come_to(world, batch, state)
        cluster.on_nodes()

    world.later(provision, lambda: come_to(InstanceState.BOOTSTRAPPING))
    world.later(provision + BOOTSTRAP_SECONDS, lambda: come_to(InstanceState.RUNNING))


def _come_to(world: World, batch: Sequence[Instance], state: InstanceState) -> None:
    for instance in batch:
        if instance.state != InstanceState.TERMINATED:
            instance.state = state
            if state == InstanceState.RUNNING:
                instance.timeline.ready = world.now()


def _instance(world: World, pool: Pool, market: Market, offer: Offer, number: int) -> Instance:
    return Instance(
        id=world.new_id("ci-"),
        ec2_id=world.new_id("i-", _HEX, _EC2_ID_LENGTH),
        private_ip=f"10.{number // 62_500}.{number // 250 % 250}.{number % 250 + 4}",
        pool_id=pool.id,
        role=pool.role,
        type=offer.type,
        market=market,
        units=offer.units,
        timeline=Timeline(world.now()),
    )
