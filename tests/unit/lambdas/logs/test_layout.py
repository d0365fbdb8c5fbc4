import pytest

from lambdas.inputs.uri import S3Uri
from lambdas.logs.layout import (
    application_in,
    bootstrap_folder,
    cluster_logs,
    container_folder,
    is_driver,
    step_folder,
)


@pytest.mark.parametrize("address", ["s3://logs/emr", "s3://logs/emr/", "s3n://logs/emr/", "s3n://logs/emr"])
def test_folders(address: str) -> None:
    cluster = cluster_logs(address, "j-1")
    assert cluster is not None
    assert str(cluster) == "s3://logs/emr/j-1/"
    assert str(step_folder(cluster, "s-1")) == "s3://logs/emr/j-1/steps/s-1/"
    assert str(bootstrap_folder(cluster)) == "s3://logs/emr/j-1/node/"
    application = "application_1700000000000_0001"
    assert str(container_folder(cluster, application)) == f"s3://logs/emr/j-1/containers/{application}/"


def test_logs_at_the_top_of_a_bucket() -> None:
    assert cluster_logs("s3://logs/", "j-1") == S3Uri("logs", "j-1/")


@pytest.mark.parametrize("address", ["", "hdfs:///logs", "s3://", "nonsense"])
def test_an_address_nothing_can_be_read_from(address: str) -> None:
    assert cluster_logs(address, "j-1") is None


def test_the_application_is_the_last_one_mentioned() -> None:
    first, last = "application_1700000000000_0001", "application_1700000000000_12345"
    assert application_in(f"Application {first} failed\nSubmitted application {last}.\n") == last
    assert application_in(f"(state: ACCEPTED) for {first}") == first
    assert application_in("application_x_1 application_17_1") is None
    assert application_in("") is None


@pytest.mark.parametrize(
    ("container", "is_the_driver"),
    [
        ("container_1700000000000_0001_01_000001", True),
        ("container_1700000000000_0001_02_000001", True),
        ("container_e17_1700000000000_0001_01_000001", True),
        ("container_1700000000000_0001_01_000002", False),
        ("container_1700000000000_0001_01_000011", False),
        ("container_1700000000000_0001_01_1000001", False),
    ],
)
def test_the_driver_is_in_the_first_container_of_each_try(container: str, is_the_driver: bool) -> None:
    key = f"emr/j-1/containers/application_1700000000000_0001/{container}/stderr.gz"
    assert is_driver(key) is is_the_driver
