"""A small EMR: the calls the Lambdas make, over clusters given as EMR describes them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

_PAGE = 2


class FakeEmr:
    """Clusters with tags, steps and instances; every listing comes in pages of two."""

    def __init__(self, *clusters: dict[str, Any]) -> None:
        self.clusters = {cluster["Id"]: cluster for cluster in clusters}
        self.steps: dict[str, list[dict[str, Any]]] = {}
        self.instances: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[tuple[str, Any]] = []
        self.refuse: dict[str, str] = {}

    @property
    def client(self) -> "EMRClient":
        return cast("EMRClient", self)

    def describe_cluster(self, *, ClusterId: str) -> dict[str, Any]:  # noqa: N803
        return {"Cluster": self.clusters[ClusterId]}

    def get_paginator(self, name: str) -> "_Pages":
        return _Pages(self, name)

    def set_termination_protection(self, *, JobFlowIds: list[str], TerminationProtected: bool) -> None:  # noqa: N803
        self._called("set_termination_protection", JobFlowIds)
        for cluster_id in JobFlowIds:
            self.clusters[cluster_id]["TerminationProtected"] = TerminationProtected

    def terminate_job_flows(self, *, JobFlowIds: list[str]) -> None:  # noqa: N803
        self._called("terminate_job_flows", JobFlowIds)
        assert len(JobFlowIds) <= 10
        for cluster_id in JobFlowIds:
            self.clusters[cluster_id]["Status"]["State"] = "TERMINATING"

    def _called(self, name: str, ids: list[str]) -> None:
        self.calls.append((name, ids))
        for cluster_id in ids:
            if cluster_id in self.refuse:
                raise ClientError({"Error": {"Code": self.refuse[cluster_id], "Message": "no"}}, name)


class _Pages:
    def __init__(self, emr: FakeEmr, name: str) -> None:
        self.emr = emr
        self.name = name

    def paginate(self, **params: Any) -> Iterator[dict[str, Any]]:
        self.emr.calls.append((self.name, params))
        match self.name:
            case "list_clusters":
                key, found = "Clusters", self._clusters(params)
            case "list_steps":
                key, found = "Steps", self.emr.steps.get(params["ClusterId"], [])[::-1]
            case _:
                key, found = "Instances", self.emr.instances.get(params["ClusterId"], [])
        for start in range(0, max(len(found), 1), _PAGE):
            yield {key: found[start : start + _PAGE]}

    def _clusters(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        after = params.get("CreatedAfter")
        return [
            {"Id": cluster["Id"], "Status": cluster["Status"]}
            for cluster in self.emr.clusters.values()
            if cluster["Status"]["State"] in params["ClusterStates"]
            and (after is None or cluster["Status"]["Timeline"]["CreationDateTime"] >= after)
        ]
