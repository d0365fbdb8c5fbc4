import datetime
import json

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.clusters.end import end_clusters
from lambdas.clusters.find import ANY_STATE, FoundCluster, cluster_in_cause, find_clusters
from scripts.local.emr.faults import ApiFault, BootstrapFailure
from scripts.local.emr.runner import ScriptedStep
from tests.unit.lambdas.emr import ARN, START, Emr, fleet

DOOMED = "m5.2xlarge"
ENDING_CALLS = ("SetTerminationProtection", "TerminateJobFlows")


def ids(found: list[FoundCluster]) -> list[str]:
    return [each.id for each in found]


def ending_calls(emr: Emr) -> list[tuple[str, int]]:
    """The calls that change clusters, and how many clusters each names."""
    return [(name, len(params["JobFlowIds"])) for name, params in emr.calls if name in ENDING_CALLS]


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


def test_description_that_leaves_out_what_it_may(emr: Emr) -> None:
    tags = [{"Key": "slow-lambda:execution", "Value": ARN}, {"Key": "no value"}, {}]
    with Stubber(emr.client) as stub:
        stub.add_response("list_clusters", {"Marker": "more"})
        stub.add_response("list_clusters", {"Clusters": [{"Id": "j-1"}, {"Id": "j-2"}]})
        stub.add_response("describe_cluster", {"Cluster": {"Id": "j-1"}}, {"ClusterId": "j-1"})
        stub.add_response("describe_cluster", {"Cluster": {"Id": "j-2", "Tags": tags}}, {"ClusterId": "j-2"})
        assert find_clusters(emr.client, ARN, START) == [FoundCluster("j-2", protected=False)]


def test_batches_of_ten_and_protection_first(emr: Emr) -> None:
    for number in range(21):
        emr.run(TerminationProtected=number == 20)
    found = find_clusters(emr.client, ARN, START)
    ended = end_clusters(emr.client, found)
    assert ended == ids(found)
    assert len(ended) == 21
    assert ending_calls(emr) == [
        ("SetTerminationProtection", 1),
        ("TerminateJobFlows", 10),
        ("TerminateJobFlows", 10),
        ("TerminateJobFlows", 1),
    ]
    assert not find_clusters(emr.client, ARN, START)


def test_one_refusal_does_not_save_the_others(emr: Emr) -> None:
    for _ in range(11):
        emr.run()
    found = find_clusters(emr.client, ARN, START)
    emr.faults.api.append(ApiFault.internal_error("TerminateJobFlows"))
    with pytest.raises(ClientError, match="InternalServerException"):
        end_clusters(emr.client, found)
    assert ending_calls(emr) == [("TerminateJobFlows", 10), ("TerminateJobFlows", 1)]
    assert [emr.state(each.id) for each in found] == ["STARTING"] * 10 + ["TERMINATING"]


def test_protection_that_cannot_be_lifted_does_not_save_the_others(emr: Emr) -> None:
    protected = [emr.run(TerminationProtected=True) for _ in range(2)]
    free = emr.run()
    emr.faults.api.append(ApiFault.internal_error("SetTerminationProtection"))
    with pytest.raises(ClientError, match="InternalServerException"):
        end_clusters(emr.client, find_clusters(emr.client, ARN, START))
    assert [emr.state(each) for each in (*protected, free)] == ["TERMINATING", "STARTING", "TERMINATING"]


def test_protected_cluster_that_is_ending_already(emr: Emr) -> None:
    cluster_id = emr.run()
    emr.engine.call("TerminateJobFlows", {"JobFlowIds": [cluster_id]})
    assert end_clusters(emr.client, [FoundCluster(cluster_id, protected=True)]) == [cluster_id]
    assert [name for name, _ in emr.calls] == ["SetTerminationProtection", "TerminateJobFlows"]


def test_protected_cluster_that_is_no_more(emr: Emr) -> None:
    with pytest.raises(ClientError, match="TerminateJobFlows"):
        end_clusters(emr.client, [FoundCluster("j-2", protected=True)])
    assert [name for name, _ in emr.calls] == ["SetTerminationProtection", "TerminateJobFlows"]


@pytest.mark.parametrize("cause", ["", "{", "[]", '{"Cluster": 3}', '{"Cluster": {"Id": 3}}', '{"Cluster": {"Id'])
def test_cause_without_a_cluster(cause: str) -> None:
    assert cluster_in_cause(cause) is None


def test_cause_with_a_cluster() -> None:
    assert cluster_in_cause(json.dumps({"Cluster": {"Id": "j-7"}})) == "j-7"
