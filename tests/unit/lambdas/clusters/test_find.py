import datetime
import json

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.clusters.find import ANY_STATE, FoundCluster, cluster_in_cause, describe, find_clusters
from scripts.local.emr.faults import ApiFault, BootstrapFailure
from scripts.local.emr.runner import ScriptedStep
from tests.unit.lambdas.clusters.support import run
from tests.unit.lambdas.emr import ARN, START, Emr, fleet

DOOMED = "m5.2xlarge"


def ids(found: list[FoundCluster]) -> list[str]:
    return [each.id for each in found]


def clusters_in_every_state(emr: Emr) -> dict[str, str]:
    """Ids by state, oldest first."""
    emr.faults.bootstrap.append(BootstrapFailure(instance_type=DOOMED))
    emr.script["long"] = ScriptedStep(3600)
    made = {"TERMINATED_WITH_ERRORS": emr.run(fleets=[fleet("MASTER", instance_type=DOOMED)])}
    made |= {"TERMINATED": emr.run(), "WAITING": emr.run(), "RUNNING": emr.run(steps=["long"])}
    emr.end(made["TERMINATED"])
    emr.clock.sleep(110)
    made["BOOTSTRAPPING"] = emr.run()
    emr.clock.sleep(300)
    made |= {"STARTING": emr.run(), "TERMINATING": emr.run()}
    emr.engine.call("TerminateJobFlows", {"JobFlowIds": [made["TERMINATING"]]})
    assert {state: emr.state(cluster_id) for state, cluster_id in made.items()} == {state: state for state in made}
    assert set(made) == set(ANY_STATE)
    return made


def test_every_live_cluster_of_the_execution(emr: Emr) -> None:
    made = clusters_in_every_state(emr)
    for other in (f"{ARN}-2", None):
        emr.run(other)
    live = [made[state] for state in ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")]
    assert ids(find_clusters(emr.client, ARN, START)) == live
    assert ids(find_clusters(emr.client, ARN, START, ANY_STATE)) == list(made.values())[::-1]


def test_clusters_on_every_page(emr: Emr) -> None:
    made = [emr.run() for _ in range(52)]
    assert ids(find_clusters(emr.client, ARN, START)) == made[::-1]
    assert len(emr.called("ListClusters")) == 2


def test_clusters_from_before_the_execution_are_left_out(emr: Emr) -> None:
    emr.run()
    emr.clock.sleep(59 * 60)
    young = emr.run()
    assert ids(find_clusters(emr.client, ARN, emr.now() + datetime.timedelta(minutes=1))) == [young]
    assert len(emr.called("DescribeCluster")) == 1


def test_what_is_found_of_a_cluster(emr: Emr) -> None:
    cluster_id = run(emr, ARN, lifetime="21600", protected=True)
    lifetime = datetime.timedelta(hours=6)
    assert find_clusters(emr.client, ARN, START) == [
        FoundCluster(cluster_id, "STARTING", START, True, ARN, "count", "test", lifetime)
    ]


@pytest.mark.parametrize("lifetime", [None, "", "6h", "1.5", "9" * 30])
def test_lifetime_that_is_no_number_of_seconds(emr: Emr, lifetime: str | None) -> None:
    assert describe(emr.client, run(emr, ARN, lifetime=lifetime)).lifetime is None


def test_description_that_leaves_out_what_it_may(emr: Emr) -> None:
    tags = [{"Key": "slow-lambda:execution", "Value": ARN}, {"Key": "no value"}, {}]
    with Stubber(emr.client) as stub:
        stub.add_response("list_clusters", {"Marker": "more"})
        stub.add_response("list_clusters", {"Clusters": [{"Id": "j-1"}, {"Id": "j-2"}]})
        stub.add_response("describe_cluster", {"Cluster": {"Id": "j-1"}}, {"ClusterId": "j-1"})
        stub.add_response("describe_cluster", {"Cluster": {"Id": "j-2", "Tags": tags}}, {"ClusterId": "j-2"})
        assert find_clusters(emr.client, ARN, START) == [FoundCluster("j-2", "UNKNOWN", execution=ARN)]


def test_a_cluster_that_cannot_be_described_is_no_cluster_less(emr: Emr) -> None:
    emr.run()
    emr.faults.api.append(ApiFault("DescribeCluster", calls=10))
    with pytest.raises(ClientError, match="ThrottlingException"):
        find_clusters(emr.client, ARN, START)


@pytest.mark.parametrize("cause", ["", "{", "[]", '{"Cluster": 3}', '{"Cluster": {"Id": 3}}', '{"Cluster": {"Id'])
def test_cause_without_a_cluster(cause: str) -> None:
    assert cluster_in_cause(cause) is None


def test_cause_with_a_cluster() -> None:
    assert cluster_in_cause(json.dumps({"Cluster": {"Id": "j-7"}})) == "j-7"
