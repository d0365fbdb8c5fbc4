"""Who asks, where, and the roles that services make for themselves."""

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from lambdas.specs import UnknownSpecError, load_catalogue
from scripts.preflight.items import Check, Found, code_of, failed, ok, warning
from scripts.preflight.subject import Clients, Subject

_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")


def identity(clients: Clients) -> Found:
    """Say whose credentials these are."""
    try:
        caller = clients.sts.get_caller_identity()
    except NoCredentialsError:
        return failed("there are no credentials", "set AWS_PROFILE, or log in with 'aws sso login' or 'aws configure'")
    except ClientError as error:
        if code_of(error) in _EXPIRED:
            return failed("the credentials have expired", "log in again, with 'aws sso login' or as you got them")
        return failed(f"the credentials are not accepted: {error}", "set AWS_PROFILE to a profile of the account")
    except BotoCoreError as error:
        return failed(f"nobody could be asked: {error}", "log in again with 'aws sso login'; else look at the network")
    return ok(f"account {caller['Account']}, {caller['Arn']}")


def region_checks(clients: Clients, region: str) -> Iterator[Check]:
    """Look whether EMR answers in a region, and whether its prices are known."""
    yield Check("region", f"EMR in {region}", partial(_emr_answers, clients, region))
    yield Check("catalogue", f"Instance types and prices of {region}", partial(_has_catalogue, region))


def _emr_answers(clients: Clients, region: str) -> Found:
    try:
        clients.emr.list_clusters(ClusterStates=["STARTING"])
    except EndpointConnectionError as error:
        return failed(f"EMR does not answer in {region}: {error}", "set AWS_REGION to a region that has EMR")
    return ok(f"EMR answers in {region}")


def _has_catalogue(region: str) -> Found:
    try:
        found = load_catalogue(region)
    except UnknownSpecError as error:
        return failed(str(error), f"slow-lambda prices refresh --region {region}, and deploy what it writes")
    return ok(f"{len(found.types)} types, prices of {found.prices_as_of}")


def service_roles(subject: Subject) -> Iterator[Check]:
    """Look for the roles that EMR and EC2 make for themselves, once per account.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/using-service-linked-roles.html
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
    The policy of EMR's service role has no ``iam:CreateServiceLinkedRole``:
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEMRServicePolicy_v2.html
    """
    yield Check(
        "service-role-emr",
        "Service-linked role of EMR",
        partial(_has_cleanup_role, subject),
    )
    spot = [demand.job for demand in subject.demands if demand.takes_spot]
    if spot:
        yield Check("service-role-spot", "Service-linked role of spot", partial(_has_spot_role, subject, spot))


def _has_cleanup_role(subject: Subject) -> Found:
    name = "AWSServiceRoleForEMRCleanup"
    if _has_role(subject, name):
        return ok(f"{name} exists")
    return warning(
        f"there is no role {name} yet; EMR makes it with the first cluster, which the machines' role allows",
        "to make it now: aws iam create-service-linked-role --aws-service-name elasticmapreduce.amazonaws.com",
    )


def _has_spot_role(subject: Subject, jobs: list[str]) -> Found:
    name = "AWSServiceRoleForEC2Spot"
    if _has_role(subject, name):
        return ok(f"{name} exists")
    return failed(
        f"there is no role {name}, and EMR's own role may not make it; task nodes of {', '.join(jobs)} are on spot",
        "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com",
    )


def _has_role(subject: Subject, name: str) -> bool:
    try:
        subject.clients.iam.get_role(RoleName=name)
    except subject.clients.iam.exceptions.NoSuchEntityException:
        return False
    return True
