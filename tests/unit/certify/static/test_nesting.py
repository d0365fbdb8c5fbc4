"""Parallel and Map."""

import pytest

from scripts.certify.static import certify_definition
from tests.unit.certify.static.builders import (
    FAIL,
    SUCCEED,
    Body,
    catch,
    create,
    each,
    found,
    machine,
    parallel,
    reap,
    step,
    terminate,
    warned,
    work,
)

CALM: Body = machine(Calm={"Type": "Pass", "End": True})


def caught_work(following: str | None = None) -> Body:
    return machine(Work=work("After", Catch=catch("After")), After={"Type": "Pass", "End": True})


def whole() -> Body:
    """Return a branch that creates a cluster and ends it, and fails only after that."""
    return machine(
        Create=create("Step", Catch=catch("Reap")),
        Step=step("End", Catch=catch("Reap")),
        End=terminate(None, Catch=catch("Reap")),
        Reap=reap("Branch failed"),
        **{"Branch failed": FAIL},
    )


def test_a_branch_that_ends_its_own_cluster() -> None:
    definition = machine(Both=parallel("Done", whole(), Catch=catch("Broken")), Done=SUCCEED, Broken=FAIL)
    assert certify_definition(definition).passed


def test_a_branch_is_stopped_by_the_failure_of_another() -> None:
    failing = machine(Work=work(None))
    definition = machine(Both=parallel("Done", whole(), failing), Done=SUCCEED)
    report = certify_definition(definition)
    assert found(report) == {("task-without-catch", "Both > Work")}
    assert report.findings[0].path == ("Both > Create", "Both > Work")
    definition["States"]["Both"]["Catch"] = catch("Done")
    assert found(certify_definition(definition)) == {("end-while-owning", "Done")}
    definition["States"]["Reap all"] = reap("Done", Catch=catch("Done"))
    definition["States"]["Both"]["Catch"] = catch("Reap all")
    assert certify_definition(definition).passed


def test_a_fail_in_another_branch() -> None:
    failing = machine(Give_up=FAIL)
    definition = machine(Both=parallel("Done", whole(), failing), Done=SUCCEED)
    assert found(certify_definition(definition)) == {("parallel-without-catch", "Both > Give_up")}
    definition["States"]["Both"]["Catch"] = catch("Reap all", "Broken")
    definition["States"]["Reap all"] = reap("Done", Catch=catch("Done"))
    assert certify_definition(definition).passed


def test_branches_that_cannot_fail_do_not_stop_each_other() -> None:
    branch = machine(Create=create("Reap", Catch=catch("Reap")), Reap=reap(None, Catch=catch("Fine")), Fine=SUCCEED)
    definition = machine(Both=parallel("Done", branch, caught_work()), Done=SUCCEED)
    assert certify_definition(definition).passed


def test_a_cluster_leaves_its_branch_at_the_join() -> None:
    creating = machine(Create=create(None, Catch=catch("Ok")), Ok=SUCCEED)
    definition = machine(Both=parallel("Done", creating, CALM), Done=SUCCEED)
    report = certify_definition(definition)
    assert found(report) == {("end-while-owning", "Done")}
    assert report.findings[0].path == ("Both > Create", "Done")
    definition["States"]["Both"]["Next"] = "Reap all"
    definition["States"]["Reap all"] = reap("Done")
    assert certify_definition(definition).passed


def test_a_reaper_beside_the_creating_branch_proves_nothing() -> None:
    creating = machine(Create=create(None, Catch=catch("Ok")), Ok=SUCCEED)
    beside = machine(Reap=reap(None, Catch=catch("Calm")), Calm=SUCCEED)
    definition = machine(Both=parallel("Done", creating, beside), Done=SUCCEED)
    assert found(certify_definition(definition)) == {("end-while-owning", "Done")}


def held_before(*branches: Body) -> Body:
    return machine(
        Create=create("Both", Catch=catch("Reap")),
        Both=parallel("Done", *branches, Catch=catch("Reap")),
        Done=SUCCEED,
        Reap=reap(None),
    )


def test_one_branch_ends_what_was_held_before() -> None:
    ending = machine(End=terminate(None, Catch=catch("Ended")), Ended=SUCCEED)
    assert certify_definition(held_before(ending, caught_work())).passed
    maybe = machine(
        Which={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "End"}], "Default": "No"},
        End=terminate(None, Catch=catch("No")),
        No=SUCCEED,
    )
    assert found(certify_definition(held_before(maybe, CALM))) == {("end-while-owning", "Done")}


def test_a_failure_while_a_sibling_would_end_it() -> None:
    ending = machine(End=terminate(None, Catch=catch("Ended")), Ended=SUCCEED)
    definition = held_before(ending, machine(Work=work(None)))
    assert certify_definition(definition).passed
    definition["States"]["Both"]["Catch"] = catch("Done")
    assert found(certify_definition(definition)) == {("end-while-owning", "Done")}
    del definition["States"]["Both"]["Catch"]
    assert found(certify_definition(definition)) == {("task-without-catch", "Both > Work")}


def test_tasks_in_branches_need_a_timeout_while_a_cluster_is_held() -> None:
    slow = machine(Work=work(None, TimeoutSeconds=None))
    definition = machine(
        Create=create("Both", Catch=catch("Reap")),
        Both=parallel("Reap", slow, Catch=catch("Reap")),
        Reap=reap(None),
    )
    assert found(certify_definition(definition)) == {("task-without-timeout", "Both > Work")}


def test_an_error_inside_two_levels() -> None:
    inner = machine(Inner=parallel(None, machine(Work=work(None))))
    definition = held_before(inner)
    definition["States"]["Both"]["Next"] = "Reap"
    assert certify_definition(definition).passed
    del definition["States"]["Both"]["Catch"]
    report = certify_definition(definition)
    assert found(report) == {("task-without-catch", "Both > Inner > Work")}
    assert report.findings[0].path == ("Create", "Both", "Both > Inner", "Both > Inner > Work")


def test_a_retried_parallel_creates_twice() -> None:
    leaving = machine(Create=create("Step", Catch=catch("Reap")), Step=step("Reap"), Reap=reap(None))
    retry = [{"ErrorEquals": ["States.ALL"]}]
    definition = machine(Once=parallel(None, leaving, Retry=retry, Catch=catch("Reap all")))
    definition["States"]["Reap all"] = reap(None)
    report = certify_definition(definition)
    assert found(report) == {("create-while-owning", "Once > Create")}
    assert report.findings[0].path == ("Once > Create", "Once > Step", "Once", "Once > Create")
    definition["States"]["Once"]["Retry"][0]["MaxAttempts"] = 0
    assert certify_definition(definition).passed


@pytest.mark.parametrize("field", ["ItemProcessor", "Iterator"])
def test_a_map_over_nothing_ends_nothing(field: str) -> None:
    body = machine(End=terminate(None, Catch=catch("Ended")), Ended=SUCCEED)
    mapping = each("Done", body, Catch=catch("Reap"))
    mapping[field] = mapping.pop("ItemProcessor")
    definition = machine(Create=create("Each", Catch=catch("Reap")), Each=mapping, Done=SUCCEED, Reap=reap(None))
    report = certify_definition(definition)
    assert found(report) == {("end-while-owning", "Done")}
    assert report.findings[0].path == ("Create", "Each", "Done")


def per_item(*, second: Body) -> Body:
    creating = machine(Create=create(None, Catch=catch("Ok")), Ok=SUCCEED)
    return machine(
        First=each("Second", creating, Catch=catch("Reap")),
        Second=each("Done", second, Catch=catch("Reap")),
        Done=SUCCEED,
        Reap=reap(None),
    )


def test_clusters_of_one_map_are_ended_by_another() -> None:
    ending = machine(End=terminate(None, "$.ClusterId", Catch=catch("Ended")), Ended=SUCCEED)
    assert certify_definition(per_item(second=ending)).passed
    assert found(certify_definition(per_item(second=CALM))) == {("end-while-owning", "Done")}


def test_an_iteration_that_fails_stops_the_others() -> None:
    definition = machine(Each=each("Done", whole()), Done=SUCCEED)
    rare = ("map-without-catch", "Each > Branch failed")
    report = certify_definition(definition)
    assert report.passed
    assert rare in warned(report)
    assert rare in found(certify_definition(definition, strict=True))
    definition["States"]["Each"]["Catch"] = catch("Reap all")
    definition["States"]["Reap all"] = reap("Done")
    assert rare not in warned(certify_definition(definition))


def test_iterations_one_after_another_do_not_stop_each_other() -> None:
    body = whole()
    body["States"]["Reap"]["Catch"] = catch("Branch failed")
    definition = machine(Each=each("Done", body, MaxConcurrency=1), Done=SUCCEED)
    rare = ("map-without-catch", "Each > Branch failed")
    assert rare not in warned(certify_definition(definition))
    del definition["States"]["Each"]["MaxConcurrency"]
    assert rare in warned(certify_definition(definition))


def test_an_earlier_iterations_cluster_and_a_later_ones_failure() -> None:
    body = machine(
        Check=work("Create"),
        Create=create(None, Catch=catch("Reap")),
        Reap=reap(None, Catch=catch("Ended")),
        Ended=SUCCEED,
    )
    definition = machine(Each=each("All", body, MaxConcurrency=1), All=reap(None))
    assert found(certify_definition(definition)) == {("task-without-catch", "Each > Check")}


@pytest.mark.parametrize(
    "tolerance",
    [{"ToleratedFailurePercentage": 5}, {"ToleratedFailureCount": 1}, {"ToleratedFailurePercentagePath": "$.p"}],
)
def test_a_tolerated_failure_goes_on_with_its_cluster(tolerance: Body) -> None:
    body = machine(Create=create("Step", Catch=catch("Reap")), Step=step("Reap"), Reap=reap(None))
    definition = machine(Each=each("Done", body, Catch=catch("All"), **tolerance), Done=SUCCEED, All=reap(None))
    assert found(certify_definition(definition)) == {("end-while-owning", "Done")}
    definition["States"]["Each"]["Next"] = "All"
    assert certify_definition(definition).passed


def test_when_all_failures_are_tolerated_none_stops_another() -> None:
    definition = machine(Each=each("Done", whole(), ToleratedFailurePercentage=100), Done=SUCCEED)
    assert certify_definition(definition).passed


def test_a_choice_without_default_is_not_caught_around() -> None:
    which: Body = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Reap"}]}
    body = machine(Create=create("Which", Catch=catch("Reap")), Which=which, Reap=reap(None))
    definition = machine(Once=parallel("Done", body, Catch=catch("All")), Done=SUCCEED, All=reap(None))
    assert found(certify_definition(definition)) == {("choice-without-default", "Once > Which")}


def test_a_choice_without_default_in_an_execution_of_its_own_is() -> None:
    which: Body = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Reap"}]}
    body = machine(Create=create("Which", Catch=catch("Reap")), Which=which, Reap=reap(None))
    definition = machine(Each=each("Done", body, Catch=catch("All")), Done=SUCCEED, All=reap(None))
    definition["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED"}
    assert certify_definition(definition).passed


def test_a_reader_that_fails_while_a_cluster_is_held() -> None:
    definition = machine(
        Create=create("Each", Catch=catch("Reap")),
        Each=each("Reap", CALM, ItemReader={"Resource": "arn:aws:states:::s3:getObject"}),
        Reap=reap(None),
    )
    assert found(certify_definition(definition)) == {("map-without-catch", "Each")}
    definition["States"]["Each"]["Catch"] = catch("Reap")
    assert certify_definition(definition).passed
