"""Which of several clusters a terminate ends."""

from scripts.certify.static import certify_definition
from tests.unit.certify.static.builders import (
    NATIVE,
    RETRY,
    Body,
    catch,
    create,
    found,
    machine,
    reap,
    task,
    terminate,
    warned,
)


def two(first: str, second: str | None, **fields: Body) -> Body:
    """Return a machine with clusters A and B, ended by the ids at these paths; failures go to the reaper."""
    to_reap = catch("Reap")
    states = {
        "A": create("B", ResultPath="$.a", Catch=to_reap),
        "B": create("End first", ResultPath="$.b", Catch=to_reap),
        "End first": terminate("End second" if second else None, first, Catch=to_reap, ResultPath=None),
        "End second": terminate(None, second or "", Catch=to_reap),
        "Reap": reap(None, Catch=catch("Broken")),
        "Broken": {"Type": "Fail"},
    }
    return machine(**(states | fields))


def test_each_by_its_own_id() -> None:
    assert certify_definition(two("$.a.ClusterId", "$.b.ClusterId")).passed
    assert certify_definition(two("$.b.Cluster.Id", "$.a.Cluster.Id")).passed


def test_the_same_one_twice() -> None:
    report = certify_definition(two("$.a.ClusterId", "$.a.ClusterId"))
    assert found(report) == {("end-while-owning", "End second")}
    assert report.findings[0].path == ("B", "End first", "End second")


def test_one_alone() -> None:
    report = certify_definition(two("$.b.ClusterId", None))
    assert found(report) == {("end-while-owning", "End first")}
    assert report.findings[0].path[0] == "A"


def test_an_id_from_elsewhere_is_given_the_benefit_of_the_doubt() -> None:
    assert certify_definition(two("$.looked.up.Id", None)).passed
    assert certify_definition(two("$$.Execution.Input.cluster", None)).passed


def test_a_literal_id_is_no_created_cluster() -> None:
    definition = two("$.a.ClusterId", "$.b.ClusterId")
    definition["States"]["End second"]["Parameters"] = {"ClusterId": "j-2AXXXXXXGAPLF"}
    assert found(certify_definition(definition)) == {("end-while-owning", "End second")}


def test_the_reaper_ends_all() -> None:
    definition = two("$.a.ClusterId", None)
    definition["States"]["End first"] = reap(None)
    assert certify_definition(definition).passed


def test_a_copy_of_the_id_is_followed() -> None:
    keep: Body = {"Type": "Pass", "Parameters": {"id.$": "$.b.ClusterId"}, "ResultPath": "$.kept", "Next": "End first"}
    definition = two("$.a.ClusterId", "$.kept.id", Keep=keep)
    definition["States"]["B"]["Next"] = "Keep"
    assert certify_definition(definition).passed


def test_several_ids_in_one_call() -> None:
    definition = two("$.a.ClusterId", None)
    definition["States"]["End first"] = task(
        "arn:aws:states:::aws-sdk:emr:terminateJobFlows",
        None,
        Parameters={"JobFlowIds.$": "States.Array($.a.ClusterId, $.b.ClusterId)"},
        Retry=RETRY,
    )
    assert certify_definition(definition).passed


def test_an_id_written_over_another_loses_the_first_cluster() -> None:
    definition = two("$.a.ClusterId", None)
    definition["States"]["B"]["ResultPath"] = "$.a"
    report = certify_definition(definition)
    assert found(report) == {("end-while-owning", "End first")}
    assert report.findings[0].path == ("A", "B", "End first")
    definition["States"]["End first"] = reap(None)
    assert certify_definition(definition).passed


def variables(first: str, second: str, ending: list[str]) -> Body:
    """Return a JSONata machine with clusters A and B, their ids in variables."""

    def creating(variable: str, following: str) -> Body:
        assign = {variable: "{% $states.result.ClusterId %}"}
        fields: Body = {"Arguments": {"Name": "c"}, "Assign": assign, "Output": {}, "Catch": catching}
        return task(f"{NATIVE}createCluster.sync", following, **fields)

    catching = [{"ErrorEquals": ["States.ALL"], "Next": "Reap"}]
    states = {"A": creating(first, "B"), "B": creating(second, "End 0")}
    for number, name in enumerate(ending):
        following = f"End {number + 1}" if number + 1 < len(ending) else None
        fields: Body = {"Arguments": {"ClusterId": f"{{% ${name} %}}"}, "Retry": RETRY, "Catch": catching}
        states[f"End {number}"] = task(f"{NATIVE}terminateCluster.sync", following, **fields)
    states["Reap"] = task("arn:aws:lambda:us-east-1:123456789012:function:reap_clusters", None, Retry=RETRY)
    return {"QueryLanguage": "JSONata", **machine(**states)}


def test_variables_alike() -> None:
    assert certify_definition(variables("a", "b", ["a", "b"])).passed
    assert found(certify_definition(variables("a", "b", ["a", "a"]))) == {("end-while-owning", "End 1")}
    assert found(certify_definition(variables("ab", "a", ["a"]))) == {("end-while-owning", "End 0")}
    assert found(certify_definition(variables("id", "id", ["id"]))) == {("end-while-owning", "End 0")}


def test_a_second_attempt_whose_first_may_live() -> None:
    """A ladder: when the first create fails, the second is tried; EMR may have accepted the first all the same."""
    definition = variables("id", "id", ["id"])
    definition["States"]["A"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "B"}]
    definition["States"]["A"]["Next"] = "End 0"
    report = certify_definition(definition)
    assert found(report) == {("end-while-owning", "End 0")}
    assert report.findings[0].path == ("A", "B", "End 0")
    assert not warned(report) & {("terminate-by-unseen-id", "End 0")}
