"""End clusters."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.clusters.find import FoundCluster

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

# Clusters of one TerminateJobFlows call.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html
MAX_TERMINATE_IDS = 10


def end_clusters(emr: "EMRClient", clusters: Sequence[FoundCluster]) -> list[str]:
    """End clusters, protected ones too.

    A call that fails does not keep the others from being made; the first error is raised after the last call.

    Parameters
    ----------
    emr
        The client.
    clusters
        What to end; a cluster that has ended meanwhile does no harm.

    Returns
    -------
    list of str
        The ids, in the order given.
    """
    errors: list[ClientError] = []
    for cluster in clusters:
        if cluster.protected:
            _lift_protection(emr, cluster.id, errors)
    ids = [cluster.id for cluster in clusters]
    for start in range(0, len(ids), MAX_TERMINATE_IDS):
        try:
            emr.terminate_job_flows(JobFlowIds=ids[start : start + MAX_TERMINATE_IDS])
        except ClientError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return ids


def _lift_protection(emr: "EMRClient", cluster_id: str, errors: list[ClientError]) -> None:
    try:
        emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
    except ClientError as error:
        # EMR refuses to modify a cluster that is ending, and then there is nothing to lift.
        if error.response["Error"]["Code"] != "ValidationException":
            errors.append(error)
