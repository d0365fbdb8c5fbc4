"""Where the clusters of a stage start: a network of its own, or subnets there are already."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from scripts.deploying.errors import NotReadyError
from scripts.preflight.subject import Deployed

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class Kind(StrEnum):
    """The values of serverless.yml's parameter ``network``."""

    NEW = "new"
    OWN = "own"


@dataclass(frozen=True)
class Network:
    """What a deployment is told of its network; ``subnets`` and ``vpc`` are of the user's own one."""

    kind: Kind
    subnets: tuple[str, ...] = ()
    vpc: str = ""

    def params(self) -> dict[str, str]:
        """Return serverless.yml's parameters."""
        if self.kind is Kind.NEW:
            return {"network": "new"}
        return {"network": "own", "subnetIds": ",".join(self.subnets), "vpcId": self.vpc}


def choose_network(ec2: "EC2Client", deployed: Deployed | None, kind: Kind | None, subnets: Sequence[str]) -> Network:
    """Return the network of a deployment. What is not said stays as it is deployed.

    Parameters
    ----------
    ec2
        The client.
    deployed
        The stage's stack, or ``None`` before its first deployment.
    kind
        What was asked for, or ``None``.
    subnets
        What was asked for; empty where nothing was.

    Raises
    ------
    NotReadyError
        What was asked for does not go together, or there are no such subnets.
    """
    if kind is None:
        kind = Kind.OWN if subnets else _deployed_kind(deployed)
    if kind is Kind.NEW:
        if subnets:
            raise NotReadyError("NETWORK=new makes subnets of its own; leave SUBNETS out, or say NETWORK=own")
        return Network(kind)
    wanted = tuple(subnets) or _deployed_subnets(deployed)
    if not wanted:
        raise NotReadyError("NETWORK=own needs the subnets clusters start in: SUBNETS=subnet-...,subnet-...")
    return Network(kind, wanted, _vpc(ec2, wanted))


def _deployed_kind(deployed: Deployed | None) -> Kind:
    return Kind.OWN if _deployed_subnets(deployed) else Kind.NEW


def _deployed_subnets(deployed: Deployed | None) -> tuple[str, ...]:
    """Return the subnets a stage was given; none where it has made its own."""
    return () if deployed is None or "Vpc" in deployed.resources else deployed.subnets


def _vpc(ec2: "EC2Client", subnets: Sequence[str]) -> str:
    try:
        found = ec2.describe_subnets(SubnetIds=list(subnets))["Subnets"]
    except ClientError as error:
        raise NotReadyError(f"the subnets {', '.join(subnets)} could not be looked up: {error}") from error
    vpcs = sorted({subnet.get("VpcId", "") for subnet in found})
    if len(vpcs) != 1:
        raise NotReadyError(
            f"the subnets {', '.join(subnets)} lie in {len(vpcs)} VPCs: {', '.join(vpcs)}; "
            "a cluster has its security groups in one, so name subnets of one"
        )
    return vpcs[0]
