"""A shape as EMR's instance fleets, in EMR's own names."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from lambdas.sizing.layout import Layout
from lambdas.sizing.shapes import Shape
from lambdas.sizing.storage import ebs_configuration, worker_storage
from lambdas.specs.catalogue import Catalogue, InstanceType, allowed_types
from lambdas.specs.cluster import Cluster

# Types of one fleet that has an allocation strategy; without one there may be 5.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceTypeConfig.html
MAX_FLEET_TYPES = 30

# How much dearer a type of like shape may be, on demand.
_SIMILAR_PRICE = Decimal("1.4")

# EMR's other strategy, lowest-price, would start a cheaper type of like shape rather than the one that was chosen.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_OnDemandProvisioningSpecification.html
_CHOSEN_FIRST = {"OnDemandSpecification": {"AllocationStrategy": "prioritized"}}


def instance_fleets(
    shape: Shape, cluster: Cluster, catalogue: Catalogue, without: Collection[str] = (), spill_bytes: int = 0
) -> list[dict[str, Any]]:
    """Return ``Instances.InstanceFleets`` of ``RunJobFlow``, none of the types in ``without`` where others will do.

    Every type of a fleet has as many cores as the chosen one and room for the same executors, so one unit is one node
    and the node limit holds. Primary and core nodes are on demand; task nodes follow the cluster spec.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceFleetConfig.html
    """
    types = like_types(shape.instance_type, shape.layout, cluster, catalogue, without)
    workers = [
        config | worker_disks(known, shape.workers, spill_bytes)
        for config, known in zip(_type_configs(types), types, strict=True)
    ]
    primary = _type_configs(primary_types(cluster, catalogue, without))
    fleets = [
        _fleet("primary", "MASTER", primary, on_demand=1),
        _fleet("core", "CORE", workers, on_demand=shape.core_nodes),
    ]
    if shape.task_nodes and cluster.task_market == "on_demand":
        fleets.append(_fleet("task", "TASK", workers, on_demand=shape.task_nodes))
    elif shape.task_nodes:
        fleet = _fleet("task", "TASK", workers, spot=shape.task_nodes)
        fleets.append(fleet | {"LaunchSpecifications": _spot_or_on_demand(cluster.spot_timeout // 60)})
    return fleets


def like_types(
    chosen: InstanceType, layout: Layout, cluster: Cluster, catalogue: Catalogue, without: Collection[str] = ()
) -> list[InstanceType]:
    """Return the chosen type and others EMR may take instead, cheapest first after it; none with instance groups.

    Types of twice the cores are left out: the families and generations of one size are diverse enough, and units that
    are nodes keep the node limit.
    """
    alike = [
        known
        for known in _allowed(cluster, catalogue)
        if known.type not in {chosen.type, *without}
        and known.vcpu == chosen.vcpu
        and known.yarn_memory_mib >= layout.node_mib
        and known.ec2_usd_per_hour <= chosen.ec2_usd_per_hour * _SIMILAR_PRICE
    ]
    return [chosen, *alike][: _max_types(cluster)]


def primary_types(cluster: Cluster, catalogue: Catalogue, without: Collection[str] = ()) -> list[InstanceType]:
    """Return the types a primary node may have: the cluster spec's and similar ones, or bigger ones instead of those.

    The primary has no executors, so nothing depends on its exact size.
    """
    chosen = catalogue.get(cluster.primary_type)
    big_enough = [
        known
        for known in _allowed(cluster, catalogue)
        if known.memory_gib >= chosen.memory_gib and known.vcpu >= chosen.vcpu and known.type != chosen.type
    ]
    similar = [
        known
        for known in big_enough
        if known.vcpu == chosen.vcpu and known.ec2_usd_per_hour <= chosen.ec2_usd_per_hour * _SIMILAR_PRICE
    ]
    others = [known for known in (chosen, *big_enough) if known.type not in without]
    return (others if without and others else [chosen, *similar])[: _max_types(cluster)]


def worker_disks(known: InstanceType, workers: int, spill_bytes: int) -> dict[str, Any]:
    """Return the ``EbsConfiguration`` of one of some workers, or nothing where what EMR attaches will do."""
    storage = worker_storage(spill_bytes, workers, known)
    return {"EbsConfiguration": ebs_configuration(storage)} if spill_bytes and storage.volumes else {}


def _allowed(cluster: Cluster, catalogue: Catalogue) -> list[InstanceType]:
    """Cheapest first."""
    return sorted(allowed_types(catalogue, cluster), key=lambda known: (known.ec2_usd_per_hour, known.type))


def _max_types(cluster: Cluster) -> int:
    return MAX_FLEET_TYPES if cluster.capacity == "fleets" else 1


def _type_configs(types: Sequence[InstanceType]) -> list[dict[str, Any]]:
    """0 is the highest priority."""
    return [
        {"InstanceType": known.type, "WeightedCapacity": 1, "Priority": number} for number, known in enumerate(types)
    ]


def _fleet(name: str, kind: str, types: list[dict[str, Any]], on_demand: int = 0, spot: int = 0) -> dict[str, Any]:
    return {
        "Name": name,
        "InstanceFleetType": kind,
        "TargetOnDemandCapacity": on_demand,
        "TargetSpotCapacity": spot,
        "InstanceTypeConfigs": types,
        "LaunchSpecifications": _CHOSEN_FIRST,
    }


def _spot_or_on_demand(minutes: int) -> dict[str, Any]:
    spot = {
        "TimeoutDurationMinutes": minutes,
        "TimeoutAction": "SWITCH_TO_ON_DEMAND",
        "AllocationStrategy": "price-capacity-optimized",
    }
    return {"SpotSpecification": spot, **_CHOSEN_FIRST}
