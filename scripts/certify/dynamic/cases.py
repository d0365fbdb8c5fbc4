"""The cases of the certificate: scenario x state x fault x how the nets fail."""

import random
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scripts.certify.dynamic.acts import Act, Answers, Delays, Ends, Fails, Fault, Refuses, Stands, TimesOut
from scripts.certify.dynamic.catalogue import (
    AGAIN,
    IN_A_RACE,
    ON_EVERY_PATH,
    TOO_LARGE,
    TRANSIENT,
    acts_for,
    is_aside,
    is_emr,
)
from scripts.certify.dynamic.journal import Stay
from scripts.certify.dynamic.nets import (
    ACTION_ON_FAILURE,
    AUTO_TERMINATION,
    MACHINE,
    ORDER,
    STATUS_EVENT,
    SWEEP,
    NetFaults,
)
from scripts.certify.dynamic.scenarios import FOR_EVER, SCENARIOS
from scripts.certify.dynamic.states import (
    Definition,
    State,
    abreast,
    adds_step,
    all_states,
    ends_cluster_by_failing,
    step_name,
    steps_of,
)
from scripts.local.adapters.moto_errors import UNCATCHABLE, matches

Outcome = Literal["as without", "diagnosed", "uncatchable", "ABORTED", "TIMED_OUT", "RUNNING"]
"""How an execution may end: as the scenario ends without the fault, SUCCEEDED or FAILED with a name of the project's
own, FAILED with an error no Catch sees, or in that status."""

_ENTRIES = 2
_MOST_COMPOSED = 3
NO_NET_FAULTS = NetFaults()
_REAPER = "reap-clusters"
_RETRIES = 2

NET_FAULTS = {
    "event-fails-once": NetFaults(event_failures=1),
    "event-fails-twice": NetFaults(event_failures=_RETRIES),
    "event-lost": NetFaults(event_lost=True),
    "event-lost-sweep-fails-once": NetFaults(event_lost=True, sweep_failures=1),
    "only-emr": NetFaults(event_lost=True, sweep_down=True),
}
_NET_FAULTS_TRIED = {
    "stopped-before": ("event-lost", "only-emr"),
    "stopped-during": tuple(NET_FAULTS),
    "stopped-after": ("event-lost",),
    "timed-out-during": ("event-lost",),
    "too-large": ("event-lost",),
}


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes
    ----------
    id
        Repeats it: ``slow-lambda certify --case ID``.
    scenario
        A name in ``SCENARIOS``.
    faults, nets
        What happens to the execution, and how the nets fail.
    allowed
        The latest net that may end a cluster.
    outcomes
        How the execution may end.
    """

    id: str
    scenario: str
    faults: tuple[Fault, ...] = ()
    nets: NetFaults = NO_NET_FAULTS
    allowed: str = MACHINE
    outcomes: frozenset[Outcome] = frozenset({"diagnosed"})


@dataclass(frozen=True)
class _Place:
    """An entry of a state on a path, after ``before``; ``is_new`` when no path before has it."""

    scenario: str
    stay: Stay
    number: int
    is_new: bool
    before: tuple[str, ...]

    @property
    def state(self) -> str:
        return self.stay.state

    def __str__(self) -> str:
        return f"{self.scenario}/{slug(self.state)}" + (f"~{self.number}" if self.number > 1 else "")


def scenario_cases(definition: Definition) -> list[Case]:
    """Return the cases in which nothing is done to the execution."""
    names, beside = list(steps_of(definition).values()), abreast(definition)
    return [Case(name, name) for name, scenario in SCENARIOS.items() if scenario.fits(names, beside)]


def enumerate_cases(
    definition: Definition, stays: Mapping[str, Sequence[Stay]], only: Collection[str] | None = None
) -> list[Case]:
    """Return every case of a machine.

    Parameters
    ----------
    definition
        The machine.
    stays
        The states each scenario visits, in order.
    only
        The states to try; all when ``None``.
    """
    states = all_states(definition)
    places = (place for place in _places(stays) if only is None or place.state in only)
    cases = (case for place in places for case in _of_place(states, place, abreast(definition)))
    return [*scenario_cases(definition), *cases]


def random_cases(cases: Iterable[Case], number: int, seed: int) -> Iterator[Case]:
    """Compose two or three faults of the catalogue, on the same path, ``number`` times."""
    by_scenario: dict[str, list[Case]] = {}
    for case in cases:
        if case.faults and "RUNNING" not in case.outcomes:
            by_scenario.setdefault(case.scenario, []).append(case)
    names = sorted(name for name, found in by_scenario.items() if len(found) >= _MOST_COMPOSED)
    for index in range(number):
        draw = random.Random(f"{seed}/{index}")  # noqa: S311 - a draw that can be repeated
        scenario = by_scenario[draw.choice(names)]
        shuffled = draw.sample(scenario, k=len(scenario))
        yield _composed(f"random-{seed}-{index}", _of_different_states(shuffled, draw.randint(2, _MOST_COMPOSED)))


def _of_different_states(cases: Iterable[Case], most: int) -> list[Case]:
    """Return the first cases whose faults do not meet in one call, where they would make up one nobody listed."""
    found: dict[str, Case] = {}
    for case in cases:
        found.setdefault(case.faults[0].state, case)
    return list(found.values())[:most]


def _composed(name: str, cases: list[Case]) -> Case:
    plans = [case.nets for case in cases]
    outcomes: set[Outcome] = {"diagnosed"}
    return Case(
        name,
        cases[0].scenario,
        tuple(fault for case in cases for fault in case.faults),
        max(plans, key=_severity),
        max((case.allowed for case in cases), key=ORDER.index),
        frozenset(outcomes.union(*(case.outcomes for case in cases))),
    )


def _severity(nets: NetFaults) -> int:
    return [NO_NET_FAULTS, *NET_FAULTS.values()].index(nets)


def _places(stays: Mapping[str, Sequence[Stay]]) -> Iterator[_Place]:
    """Yield the first and the second entry of every state on every path."""
    seen: set[tuple[str, int]] = set()
    for scenario, path in stays.items():
        for index, stay in enumerate(path):
            number = [each.state for each in path[: index + 1]].count(stay.state)
            if number <= _ENTRIES:
                before = tuple(each.state for each in path[:index])
                yield _Place(scenario, stay, number, (stay.state, number) not in seen, before)
                seen.add((stay.state, number))


def _of_place(states: Mapping[str, State], place: _Place, beside: Sequence[str]) -> Iterator[Case]:
    state, alone = states[place.state], _without_machine(states, place, beside)
    for name, act in acts_for(state).items():
        if not _is_tried(state, place, name, act):
            continue
        case = Case(
            f"{place}/{name}",
            place.scenario,
            (Fault(name, place.state, place.number, act),),
            allowed=alone if isinstance(act, Stands) else _allowed(state, act),
            outcomes=frozenset({_outcome(state, act)}),
        )
        yield case
        if place.is_new and place.stay.with_cluster and place.number == 1:
            yield from _with_net_faults(case, _NET_FAULTS_TRIED.get(name, ()), idles=alone != SWEEP)


def _is_tried(state: State, place: _Place, name: str, act: Act) -> bool:
    if SCENARIOS[place.scenario].is_race:
        return name in IN_A_RACE and (is_aside(state) or name == "late")
    if isinstance(act, Ends) and act.moment == "during" and act.seconds and act.seconds >= place.stay.seconds:
        return False  # the state is over by then
    if place.number > 1:
        return place.is_new and place.stay.with_cluster and name in AGAIN
    return place.is_new or (is_emr(state) and name in ON_EVERY_PATH)


def _with_net_faults(case: Case, names: Iterable[str], *, idles: bool) -> Iterator[Case]:
    for name in names:
        nets = NET_FAULTS[name]
        if nets.sweep_down and not idles:
            continue  # EMR ends only what idles
        allowed = AUTO_TERMINATION if nets.sweep_down else SWEEP if nets.event_lost else STATUS_EVENT
        yield Case(f"{case.id}/{name}", case.scenario, case.faults, nets, allowed, case.outcomes)


def _outcome(state: State, act: Act) -> Outcome:
    if isinstance(act, Ends):
        return "TIMED_OUT" if act.expires else "ABORTED"
    if isinstance(act, Stands):
        return "RUNNING"
    if _is_uncatchable(act):
        return "uncatchable"
    return "as without" if is_aside(state) or _is_retried(state, act) else "diagnosed"


def _is_retried(state: State, act: Act) -> bool:
    """Say whether an act that happens once must be made up for: by a Retry there is, or one there ought to be."""
    match act:
        case Delays():
            return True
        case Fails(error="States.Permissions"):
            return False
        case Fails(error=error, always=False):
            return error in TRANSIENT or _ends_clusters(state) or _retries(state, error)
        case TimesOut(always=False):
            return _ends_clusters(state) or _retries(state, "States.Timeout")
        case Refuses(always=False):
            return _ends_clusters(state) or _retries(state, "EMR.AmazonElasticMapReduceException")
        case _:
            return False


def _ends_clusters(state: State) -> bool:
    return ":terminateCluster" in state["Resource"] or _is_reaper(state)


def _allowed(state: State, act: Act) -> str:
    if isinstance(act, Ends) or _is_uncatchable(act) or (_is_reaper(state) and getattr(act, "always", False)):
        return STATUS_EVENT
    return MACHINE


def _without_machine(states: Mapping[str, State], place: _Place, beside: Sequence[str]) -> str:
    """Return the latest net that may end a cluster while the execution stays RUNNING: EMR has steps and goes on."""
    scenario = SCENARIOS[place.scenario]
    adding = [name for name, state in states.items() if adds_step(state)]
    doing = scenario.doing([step_name(states[name]) for name in adding], beside)
    for name in (name for name in (*place.before, place.state) if name in adding):
        step = doing.get(step_name(states[name]))
        if step and step.seconds == FOR_EVER:
            return SWEEP
        if step and not step.outcome.succeeded and ends_cluster_by_failing(states[name]):
            return ACTION_ON_FAILURE
    return AUTO_TERMINATION if scenario.idles else SWEEP


def _is_uncatchable(act: Act) -> bool:
    if isinstance(act, Answers):
        payload = act.result["Payload"] if isinstance(act.result, dict) and "Payload" in act.result else act.result
        return bool(payload == TOO_LARGE)
    return isinstance(act, Fails) and act.error in UNCATCHABLE


def _is_reaper(state: State) -> bool:
    return str(state.get("Arguments", {}).get("FunctionName", "")).endswith(_REAPER)


def _retries(state: State, error: str) -> bool:
    return any(matches(retrier["ErrorEquals"], error) for retrier in state.get("Retry", []))


def slug(name: str) -> str:
    """Return a state's name as it stands in a case's id."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
