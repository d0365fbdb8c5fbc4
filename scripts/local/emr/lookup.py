"""Clusters and steps by id, with the refusals of AWS for those that are not there or not fit."""

import re

from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.model import MODIFIABLE, Cluster, Step
from scripts.local.emr.world import World

_CLUSTER_ID = re.compile(r"j-[A-Z0-9]+")


def by_cluster_id(world: World, cluster_id: str) -> Cluster:
    """Find the cluster of a call that takes a ClusterId."""
    if not _CLUSTER_ID.fullmatch(cluster_id):
        raise EmrApiError("ValidationException", f"clusterId '{cluster_id}' is not valid.")
    if cluster_id not in world.clusters:
        raise EmrApiError("InvalidRequestException", f"Cluster id '{cluster_id}' is not valid.")
    return world.clusters[cluster_id]


def by_job_flow_id(world: World, job_flow_id: str) -> Cluster:
    """Find the cluster of a call that takes a JobFlowId."""
    if not _CLUSTER_ID.fullmatch(job_flow_id):
        raise EmrApiError("ValidationException", f"jobFlowId '{job_flow_id}' is not valid.")
    if job_flow_id not in world.clusters:
        raise EmrApiError("ValidationException", "Specified job flow ID does not exist.")
    return world.clusters[job_flow_id]


def modifiable(cluster: Cluster) -> Cluster:
    """Return the cluster if it may still be changed."""
    if cluster.state not in MODIFIABLE:
        raise EmrApiError(
            "ValidationException", "A job flow that is shutting down, terminated, or finished may not be modified."
        )
    return cluster


def find_step(cluster: Cluster, step_id: str) -> Step:
    """Find a step of a cluster."""
    for step in cluster.steps:
        if step.id == step_id:
            return step
    raise EmrApiError("InvalidRequestException", f"Step id '{step_id}' is not valid.")
