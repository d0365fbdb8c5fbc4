"""Releases, their applications and their instance types."""

from scripts.preflight.items import Status
from scripts.preflight.releases import release_checks
from scripts.preflight.subject import Clients
from tests.unit.preflight.support import Emr, demand, found, subject, with_fakes

RELEASE = demand().cluster.release


def look(clients: Clients, emr: Emr) -> tuple[Status, str, Status, str]:
    items = found(release_checks(subject(with_fakes(clients, emr=emr))))
    release, types = items["release-spark"], items["types-count"]
    return release.status, f"{release.detail} {release.fix}", types.status, f"{types.detail} {types.fix}"


def test_a_release_with_the_applications_and_the_types_is_fine(clients: Clients) -> None:
    release, said, types, counted = look(
        clients, Emr({RELEASE: ["Hadoop", "Spark"]}, ["r5.xlarge", "c5.x", "m5.xlarge"])
    )
    assert (release, types) == (Status.OK, Status.OK)
    assert said == "Spark 3.5.8 "
    assert counted == "m5.xlarge and 2 types for workers, of 3 supported "


def test_a_release_the_region_lacks_fails(clients: Clients) -> None:
    release, said, _, _ = look(clients, Emr({}))
    assert release is Status.FAILED
    assert f"EMR in us-east-1 has no release {RELEASE}" in said
    assert "aws emr list-release-labels --region us-east-1" in said


def test_a_release_without_an_application_fails(clients: Clients) -> None:
    release, said, _, _ = look(clients, Emr({RELEASE: ["Flink"]}))
    assert release is Status.FAILED
    assert "has no Spark; it has flink" in said


def test_types_the_release_does_not_run_on_are_named(clients: Clients) -> None:
    for supported, status, word in (
        (["r5.xlarge"], Status.FAILED, "the primary type m5.xlarge"),
        (["m5.xlarge"], Status.WARNING, "does not run on r5.xlarge"),
    ):
        _, _, types, said = look(clients, Emr({RELEASE: ["Spark"]}, supported))
        assert types is status
        assert word in said
        assert "slow-lambda prices refresh" in said
    workers = demand(worker_types=("c5.xlarge",))
    emr = Emr({RELEASE: ["Spark"]}, ["m5.xlarge"])
    item = found(release_checks(subject(with_fakes(clients, emr=emr), demands=(workers,))))["types-count"]
    assert (item.status, item.detail) == (Status.FAILED, f"{RELEASE} runs on none of the 1 types for workers")
