import datetime
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.clusters.end import end_clusters
from lambdas.clusters.find import ANY_STATE, FoundCluster, cluster_in_cause, find_clusters
from tests.unit.lambdas.emr import FakeEmr

ARN = "arn:aws:states:us-east-1:111122223333:execution:count:run-1"
START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def cluster(number: int, state: str = "RUNNING", arn: str = ARN, minutes: int = 1, **more: Any) -> dict[str, Any]:
    created = START + datetime.timedelta(minutes=minutes)
    return {
        "Id": f"j-{number}",
        "Status": {"State": state, "Timeline": {"CreationDateTime": created}},
        "Tags": [{"Key": "other", "Value": ARN}, {"Key": "slow-lambda:execution", "Value": arn}],
        **more,
    }


def ids(found: list[FoundCluster]) -> list[str]:
    return [each.id for each in found]


def test_every_live_cluster_of_the_execution_on_every_page() -> None:
    states = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"]
    emr = FakeEmr(
        *(cluster(number, state) for number, state in enumerate(states)),
        cluster(8, arn=f"{ARN}-2"),
        cluster(9, Tags=[]),
    )
    assert ids(find_clusters(emr.client, ARN, START)) == ["j-0", "j-1", "j-2", "j-3"]
    assert len(find_clusters(emr.client, ARN, START, ANY_STATE)) == 7


def test_clusters_from_before_the_execution_are_left_out() -> None:
    emr = FakeEmr(cluster(1, minutes=-60), cluster(2, minutes=-1))
    assert ids(find_clusters(emr.client, ARN, START)) == ["j-2"]


def test_batches_of_ten_and_protection_first() -> None:
    emr = FakeEmr(*(cluster(number, TerminationProtected=number == 20) for number in range(21)))
    ended = end_clusters(emr.client, find_clusters(emr.client, ARN, START))
    assert len(ended) == 21
    calls = [(name, len(found)) for name, found in emr.calls if name != "list_clusters"]
    assert calls == [
        ("set_termination_protection", 1),
        ("terminate_job_flows", 10),
        ("terminate_job_flows", 10),
        ("terminate_job_flows", 1),
    ]
    assert not find_clusters(emr.client, ARN, START)


def test_one_refusal_does_not_save_the_others() -> None:
    emr = FakeEmr(*(cluster(number) for number in range(11)))
    emr.refuse = {"j-3": "InternalServerError"}
    with pytest.raises(ClientError):
        end_clusters(emr.client, find_clusters(emr.client, ARN, START))
    assert emr.clusters["j-10"]["Status"]["State"] == "TERMINATING"


def test_protected_cluster_that_is_ending_already() -> None:
    emr = FakeEmr(cluster(1))
    emr.refuse = {"j-2": "ValidationException"}
    with pytest.raises(ClientError):
        end_clusters(emr.client, [FoundCluster("j-2", protected=True)])
    assert [name for name, _ in emr.calls] == ["set_termination_protection", "terminate_job_flows"]


@pytest.mark.parametrize("cause", ["", "{", "[]", '{"Cluster": 3}', '{"Cluster": {"Id": 3}}', '{"Cluster": {"Id'])
def test_cause_without_a_cluster(cause: str) -> None:
    assert cluster_in_cause(cause) is None


def test_cause_with_a_cluster() -> None:
    assert cluster_in_cause(json.dumps({"Cluster": {"Id": "j-7"}})) == "j-7"
