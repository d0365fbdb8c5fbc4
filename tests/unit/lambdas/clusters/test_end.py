from typing import Any

import pytest

from lambdas.clusters.end import end_clusters
from lambdas.clusters.judge import Doomed
from lambdas.clusters.problems import Problems, ReapError
from scripts.local.emr.faults import ApiFault
from tests.unit.lambdas.clusters.support import doomed, ending, refuse
from tests.unit.lambdas.emr import Emr

ENDING_CALLS = ("SetTerminationProtection", "TerminateJobFlows")


def ending_calls(emr: Emr) -> list[tuple[str, int]]:
    """The calls that change clusters, and how many clusters each names."""
    return [(name, len(params["JobFlowIds"])) for name, params in emr.calls if name in ENDING_CALLS]


def end(emr: Emr, clusters: list[Doomed]) -> tuple[list[str], list[str]]:
    """The ids of the clusters ended, and what went wrong."""
    problems = Problems()
    return [each.cluster.id for each in end_clusters(emr.client, clusters, problems)], problems.sentences


def test_batches_of_ten_and_protection_first(emr: Emr) -> None:
    free = [emr.run() for _ in range(20)]
    protected = emr.run(TerminationProtected=True)
    assert end(emr, doomed(*free) + doomed(protected, protected=True)) == ([*free, protected], [])
    assert ending_calls(emr) == [
        ("TerminateJobFlows", 10),
        ("TerminateJobFlows", 10),
        ("SetTerminationProtection", 1),
        ("TerminateJobFlows", 1),
    ]
    assert ending(emr, [*free, protected]) == [*free, protected]


def test_nothing_to_end(emr: Emr) -> None:
    assert end(emr, []) == ([], [])
    assert emr.calls == []


def test_a_batch_is_ended_before_the_search_for_the_next_goes_on(emr: Emr) -> None:
    made = [emr.run() for _ in range(11)]
    found = (each for each in doomed(*made))
    next(iter(end_clusters(emr.client, found, Problems())))
    assert ending(emr, made) == made[:10]


def test_an_internal_error_does_not_save_the_other_batches(emr: Emr) -> None:
    made = [emr.run() for _ in range(11)]
    emr.faults.api.append(ApiFault.internal_error("TerminateJobFlows"))
    ended, (sentence,) = end(emr, doomed(*made))
    assert ended == ending(emr, made) == made[10:]
    assert "InternalServerException" in sentence
    assert all(each in sentence for each in made[:10])


def test_throttling_that_passes_is_waited_out(emr: Emr) -> None:
    cluster_id = emr.run()
    emr.faults.api.append(ApiFault("TerminateJobFlows", calls=9))
    assert end(emr, doomed(cluster_id)) == ([cluster_id], [])


def test_throttling_that_persists_is_told_and_not_made_worse(emr: Emr) -> None:
    made = [emr.run() for _ in range(2)]
    fault = ApiFault("TerminateJobFlows", calls=100)
    emr.faults.api.append(fault)
    ended, (sentence,) = end(emr, doomed(*made))
    assert ended == []
    assert "Rate exceeded" in sentence
    assert fault.calls == 90


@pytest.mark.parametrize("size", [1, 10])
def test_protection_that_comes_back(emr: Emr, size: int) -> None:
    made = [emr.run() for _ in range(size)]
    back: list[str] = [made[0]]

    def protect(**_unused: Any) -> None:
        for cluster_id in back[:]:
            emr.engine.call("SetTerminationProtection", {"JobFlowIds": [cluster_id], "TerminationProtected": True})
            back.remove(cluster_id)

    emr.client.meta.events.register("before-call.emr.TerminateJobFlows", protect)
    assert end(emr, doomed(*made)) == (made, [])
    assert ending(emr, made) == made


def test_a_cluster_that_is_no_more_does_not_save_the_others_of_its_batch(emr: Emr) -> None:
    made = [emr.run() for _ in range(9)]
    ended, (sentence,) = end(emr, doomed(*made[:5], "j-GONE", *made[5:]))
    assert ended == ending(emr, made) == made
    assert sentence.startswith("ending cluster j-GONE: ")
    assert "does not exist" in sentence


def test_a_cluster_the_role_may_not_end_does_not_save_the_others_of_its_batch(emr: Emr) -> None:
    made = [emr.run() for _ in range(3)]
    emr.faults.api.append(ApiFault("TerminateJobFlows", 2, "AccessDeniedException", "not yours"))
    ended, (sentence,) = end(emr, doomed(*made))
    assert ended == ending(emr, made) == made[1:]
    assert made[0] in sentence
    assert "not yours" in sentence


def test_protection_that_cannot_be_lifted_does_not_save_the_others(emr: Emr) -> None:
    protected = [emr.run(TerminationProtected=True) for _ in range(2)]
    free = emr.run()
    refuse("emr", "SetTerminationProtection", "JobFlowIds", protected[:1], "AccessDeniedException")
    ended, sentences = end(emr, doomed(*protected, protected=True) + doomed(free))
    assert ended == ending(emr, [*protected, free]) == [protected[1], free]
    assert sentences[0].startswith(f"lifting the termination protection of cluster {protected[0]}: ")
    assert sentences[-1].startswith(f"ending cluster {protected[0]}: ")


def test_a_protected_cluster_that_is_ending_already(emr: Emr) -> None:
    cluster_id = emr.run()
    emr.engine.call("TerminateJobFlows", {"JobFlowIds": [cluster_id]})
    assert end(emr, doomed(cluster_id, protected=True)) == ([cluster_id], [])
    assert ending_calls(emr) == [("SetTerminationProtection", 1), ("TerminateJobFlows", 1)]


def test_problems_are_raised_together() -> None:
    Problems().raise_if_any()
    with pytest.raises(ReapError, match=r"2 calls failed.*a: x; b: y"):
        Problems(["a: x", "b: y"]).raise_if_any()
