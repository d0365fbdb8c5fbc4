"""Take away any one thing that ends clusters, and the certificate notices, though another net would still catch it."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from scripts.certify.dynamic.cases import Case, slug
from scripts.certify.dynamic.catalogue import is_aside
from scripts.certify.dynamic.certify import Catalogue
from scripts.certify.dynamic.nets import Deployed
from scripts.certify.dynamic.pool import Pool
from scripts.certify.dynamic.run import REAPER, Machine
from scripts.certify.dynamic.states import all_states, steps_of
from scripts.certify.static import certify_definition
from scripts.local.in_process import rendered_definition
from tests.faults.conftest import JOB

Definition = dict[str, Any]

TAG = "slow-lambda:"
DEFINITION: Definition = json.loads(rendered_definition(JOB))
STATES = all_states(DEFINITION)
PARTS = [
    (name, part) for name, state in STATES.items() for part in ("Catch", "Retry", "TimeoutSeconds") if part in state
]
CREATE = next(name for name, state in STATES.items() if "createCluster" in state.get("Resource", ""))
STEPS = list(steps_of(DEFINITION))
FINISH = next(name for name, state in STATES.items() if state["Type"] == "Parallel")
ASIDE = [name for name, state in STATES.items() if is_aside(state)]
TAGS = [tag["Key"] for tag in STATES[CREATE]["Arguments"]["Tags"] if tag["Key"].startswith(TAG)]

# Where another state makes up for what one Retry would have: a cluster that would not end is found by its tag, one that
# EMR is not asked to end is ended by the machine, a record or a message that is missing changes nothing. Those are seen
# in the graph only.
MADE_UP_FOR = {"Terminate cluster", "Terminate after failure", "Record failed run", "Notify failure", *ASIDE}

# The nets find clusters by these; the job's name is for people.
SEARCHED = {f"{TAG}execution", f"{TAG}stage", f"{TAG}max-lifetime"}


def without_part(state: str, part: str) -> Definition:
    changed = copy.deepcopy(DEFINITION)
    del state_of(changed, state)[part]
    return changed


def having(state: str, **fields: Any) -> Definition:
    changed = copy.deepcopy(DEFINITION)
    state_of(changed, state).update(fields)
    return changed


def state_of(definition: Definition, name: str) -> dict[str, Any]:
    found: Any = all_states(definition)[name]
    assert isinstance(found, dict)
    return found


def without_tag(key: str) -> Definition:
    changed = copy.deepcopy(DEFINITION)
    arguments = changed["States"][CREATE]["Arguments"]
    arguments["Tags"] = [tag for tag in arguments["Tags"] if tag["Key"] != key]
    return changed


def without_argument(state: str, *path: str) -> Definition:
    changed = copy.deepcopy(DEFINITION)
    found = state_of(changed, state)["Arguments"]
    for key in path[:-1]:
        found = found[key]
    del found[path[-1]]
    return changed


def noticed_by_graph(changed: Definition) -> bool:
    return not certify_definition(changed, strict=True).passed


def problems_of(workers: Pool, machine: Machine, catalogue: Catalogue, cases: list[Case]) -> set[str]:
    """Return the kinds of problems that cases meet."""
    assert cases
    observed = workers.observe(machine, cases)
    return {problem.kind for case, seen in observed for problem in catalogue.judge(case, seen)}


def of_state(catalogue: Catalogue, state: str, *names: str) -> list[Case]:
    return [
        case
        for case in catalogue.cases
        if len(case.faults) == 1
        and (fault := case.faults[0]).state == state
        and fault.number == 1
        and any(fault.name.startswith(name) for name in names)
    ]


def test_the_graph_is_sound() -> None:
    assert not noticed_by_graph(DEFINITION)


@pytest.mark.parametrize(("state", "part"), PARTS)
def test_a_missing_part_of_a_state_is_seen_in_the_graph(state: str, part: str) -> None:
    assert noticed_by_graph(without_part(state, part))


def test_a_missing_timeout_of_the_machine_is_seen_in_the_graph() -> None:
    changed = copy.deepcopy(DEFINITION)
    del changed["TimeoutSeconds"]
    assert noticed_by_graph(changed)


@pytest.mark.parametrize("state", [name for name, part in PARTS if part == "Catch"])
def test_a_missing_catch_is_met(workers: Pool, machine: Machine, catalogue: Catalogue, state: str) -> None:
    changed = replace(machine, definition=json.dumps(without_part(state, "Catch")))
    failing = STEPS[-1] if state == FINISH else state
    cases = of_state(catalogue, failing, "task-failed-always", "unknown-always", "not-found-always", "internal-always")
    assert problems_of(workers, changed, catalogue, cases) & {"late", "outcome"}


@pytest.mark.parametrize("state", [name for name, part in PARTS if part == "Retry" and name not in MADE_UP_FOR])
def test_a_missing_retry_is_met(workers: Pool, machine: Machine, catalogue: Catalogue, state: str) -> None:
    changed = replace(machine, definition=json.dumps(without_part(state, "Retry")))
    cases = of_state(catalogue, state, "throttled-once")
    assert problems_of(workers, changed, catalogue, cases)


def test_a_parallel_must_be_followed_by_a_terminate(workers: Pool, machine: Machine, catalogue: Catalogue) -> None:
    changed = having(FINISH, Next="Record run")
    assert noticed_by_graph(changed)
    cases = of_state(catalogue, ASIDE[-1], "internal-always")
    assert "late" in problems_of(workers, replace(machine, definition=json.dumps(changed)), catalogue, cases)


def test_a_failing_parallel_must_lead_to_a_terminate(workers: Pool, machine: Machine, catalogue: Catalogue) -> None:
    (catcher,) = STATES[FINISH]["Catch"]
    changed = having(FINISH, Catch=[{**catcher, "Next": "Diagnose failure"}])
    assert noticed_by_graph(changed)
    cases = of_state(catalogue, STEPS[-1], "task-failed-always")
    assert "late" in problems_of(workers, replace(machine, definition=json.dumps(changed)), catalogue, cases)


def test_emr_may_not_end_the_cluster_before_it_has_the_last_step(
    workers: Pool, machine: Machine, catalogue: Catalogue
) -> None:
    changed = copy.deepcopy(DEFINITION)
    beside = state_of(changed, FINISH)["Branches"][-1]
    beside["StartAt"] = ASIDE[-1]
    cases = [catalogue.find(f"done-before-look/{slug(STEPS[-1])}/late")]
    assert "outcome" in problems_of(workers, replace(machine, definition=json.dumps(changed)), catalogue, cases)


@pytest.mark.parametrize("tag", TAGS)
def test_a_missing_tag_is_met(workers: Pool, machine: Machine, catalogue: Catalogue, tag: str) -> None:
    changed = replace(machine, definition=json.dumps(without_tag(tag)))
    cases = [
        *of_state(catalogue, STEPS[0], "stopped-during"),
        *(catalogue.find(f"{path}/{slug(CREATE)}/stands-still") for path in ("success", "never-ready")),
    ]
    kinds = problems_of(workers, changed, catalogue, cases)
    assert "untagged" in kinds
    assert (kinds & {"late", "survivor"}) or tag not in SEARCHED


def test_a_missing_auto_termination_is_met(workers: Pool, machine: Machine, catalogue: Catalogue) -> None:
    changed = replace(machine, definition=json.dumps(without_argument(CREATE, "AutoTerminationPolicy")))
    cases = of_state(catalogue, CREATE, "stopped-during")
    assert "survivor" in problems_of(workers, changed, catalogue, cases)


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_missing_action_on_failure_is_met(workers: Pool, machine: Machine, catalogue: Catalogue, step: int) -> None:
    changed = replace(machine, definition=json.dumps(without_argument(STEPS[step], "Step", "ActionOnFailure")))
    cases = [case for case in of_state(catalogue, STEPS[step], "stands-still") if "step-fails" in case.scenario]
    assert "late" in problems_of(workers, changed, catalogue, cases)


@pytest.mark.parametrize(
    "deployed",
    [
        Deployed(frozenset(), 900.0),
        Deployed(frozenset({"FAILED", "TIMED_OUT"}), 900.0),
        Deployed(frozenset({"FAILED", "ABORTED"}), 900.0),
        Deployed(frozenset({"TIMED_OUT", "ABORTED"}), 900.0),
        Deployed(frozenset({"FAILED", "TIMED_OUT", "ABORTED"}), None),
    ],
    ids=["no status rule", "not ABORTED", "not TIMED_OUT", "not FAILED", "no sweep"],
)
def test_a_missing_net_is_met(workers: Pool, machine: Machine, catalogue: Catalogue, deployed: Deployed) -> None:
    names = ("stopped-during", "timed-out-during", "too-large", "stopped-during/event-lost")
    cases = [case for case in of_state(catalogue, STEPS[0], *names) if case.scenario == "success"]
    assert "late" in problems_of(workers, replace(machine, deployed=deployed), catalogue, cases)


def finds_nothing(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"terminated": []}


def test_a_reaper_that_finds_nothing_is_met(workers: Pool, machine: Machine, catalogue: Catalogue) -> None:
    blind = replace(machine, handlers={REAPER: finds_nothing})
    cases = [catalogue.find("create-refused"), *of_state(catalogue, STEPS[0], "stopped-during")]
    kinds = problems_of(workers, blind, catalogue, cases)
    assert kinds & {"late", "survivor"}
