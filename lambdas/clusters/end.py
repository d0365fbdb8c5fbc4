"""End clusters."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.clusters.judge import Doomed
from lambdas.clusters.problems import Problems

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

# Clusters of one TerminateJobFlows call.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html
MAX_TERMINATE_IDS = 10

# Refusals that may be about one cluster of a call and hit the others: one that is protected again, or is no more, or
# that the role may not end. https://docs.aws.amazon.com/emr/latest/APIReference/CommonErrors.html
_ABOUT_ONE = {"ValidationException", "InvalidRequestException", "AccessDeniedException"}


def end_clusters(emr: "EMRClient", doomed: Iterable[Doomed], problems: Problems) -> Iterator[Doomed]:
    """End clusters, protected ones too, and yield those that EMR has begun to end.

    Parameters
    ----------
    emr
        The client.
    doomed
        What to end; a cluster that has ended meanwhile does no harm.
    problems
        Told of the calls that failed.
    """
    waiting = iter(doomed)
    while batch := list(islice(waiting, MAX_TERMINATE_IDS)):
        for each in batch:
            if each.cluster.protected:
                _lift_protection(emr, each.cluster.id, problems)
        yield from _end_batch(emr, batch, problems)


def _end_batch(emr: "EMRClient", batch: Sequence[Doomed], problems: Problems) -> Sequence[Doomed]:
    ids = [each.cluster.id for each in batch]
    with problems.noted(f"ending clusters {', '.join(ids)}"):
        try:
            emr.terminate_job_flows(JobFlowIds=ids)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABOUT_ONE:
                raise
            return [each for each in batch if _end_alone(emr, each.cluster.id, problems)]
        return batch
    return []


def _end_alone(emr: "EMRClient", cluster_id: str, problems: Problems) -> bool:
    _lift_protection(emr, cluster_id, problems)
    with problems.noted(f"ending cluster {cluster_id}"):
        emr.terminate_job_flows(JobFlowIds=[cluster_id])
        return True
    return False


def _lift_protection(emr: "EMRClient", cluster_id: str, problems: Problems) -> None:
    with problems.noted(f"lifting the termination protection of cluster {cluster_id}"):
        try:
            emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
        except ClientError as error:
            # EMR refuses to modify a cluster that is ending, and then there is nothing to lift.
            if error.response["Error"]["Code"] != "ValidationException":
                raise
