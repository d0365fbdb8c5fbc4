"""Certify a job's machine: every case run, judged, and summed up."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from scripts.certify.dynamic.cases import Case, enumerate_cases, random_cases, scenario_cases
from scripts.certify.dynamic.errors import CaseUnknownError
from scripts.certify.dynamic.nets import ORDER
from scripts.certify.dynamic.pool import Pool
from scripts.certify.dynamic.run import Machine, Observation
from scripts.certify.dynamic.states import all_states
from scripts.certify.dynamic.verdict import Problem, judge

Progress = Callable[[int, int], None]
"""Told how many cases are done, and of how many."""


@dataclass(frozen=True)
class NetUse:
    """What a net did.

    Attributes
    ----------
    cases
        In how many it ended a cluster.
    worst_minutes, worst_usd
        For how long, at worst, nobody needed a cluster before the net had ended it, and the dearest such time.
    """

    cases: int
    worst_minutes: float
    worst_usd: float


@dataclass(frozen=True)
class DynamicReport:
    """The outcome of all cases of a job.

    Attributes
    ----------
    unvisited
        States no scenario enters.
    """

    job: str
    cases: int
    problems: tuple[Problem, ...]
    nets: Mapping[str, NetUse]
    unvisited: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True)
class Catalogue:
    """All cases of a machine, and what its scenarios look like without faults."""

    cases: tuple[Case, ...]
    baselines: Mapping[str, Observation]

    def find(self, case_id: str) -> Case:
        """Return a case by its id, random ones too.

        Raises
        ------
        CaseUnknownError
            There is none.
        """
        word, _, rest = case_id.partition("-")
        seed, _, index = rest.partition("-")
        if word == "random" and seed.isdigit() and index.isdigit():
            return list(random_cases(self.cases, int(index) + 1, int(seed)))[-1]
        for case in self.cases:
            if case.id == case_id:
                return case
        scenario = case_id.partition("/")[0]
        near = [case.id for case in self.cases if case.id.startswith(f"{scenario}/")][:3]
        hint = f"; for example {', '.join(near)}" if near else f"; the paths are {', '.join(self.baselines)}"
        raise CaseUnknownError(f"there is no case {case_id!r}{hint}")

    def judge(self, case: Case, seen: Observation) -> list[Problem]:
        """Return what is wrong with what was seen of a case."""
        return judge(case, seen, self.baselines[case.scenario])


def make_catalogue(pool: Pool, machine: Machine, only: Collection[str] | None = None) -> Catalogue:
    """Run the scenarios to see which states they enter, and enumerate the cases; ``only`` names the states to try."""
    definition = json.loads(machine.definition)
    baselines = {case.id: seen for case, seen in pool.observe(machine, scenario_cases(definition))}
    stays = {scenario: seen.stays for scenario, seen in baselines.items()}
    return Catalogue(tuple(enumerate_cases(definition, stays, only)), baselines)


def certify_machine(
    pool: Pool,
    machine: Machine,
    randoms: int,
    seed: int,
    progress: Progress,
    only: Collection[str] | None = None,
) -> DynamicReport:
    """Run every case of a machine.

    Parameters
    ----------
    pool
        Where.
    machine
        What is certified.
    randoms, seed
        How many random cases to add, and which.
    progress
        Told after every case.
    only
        The states to try; all when ``None``.
    """
    catalogue = make_catalogue(pool, machine, only)
    cases = [*catalogue.cases, *random_cases(catalogue.cases, randoms, seed)]
    observed = [(case, catalogue.baselines[case.id]) for case in cases if not case.faults]
    for pair in pool.observe(machine, (case for case in cases if case.faults)):
        observed.append(pair)
        progress(len(observed), len(cases))
    problems = tuple(problem for case, seen in observed for problem in catalogue.judge(case, seen))
    entered = {stay.state for _, seen in observed for stay in seen.stays}
    unvisited = tuple(state for state in all_states(json.loads(machine.definition)) if state not in entered)
    return DynamicReport(machine.job, len(cases), problems, net_use(seen for _, seen in observed), unvisited)


def net_use(observed: Iterable[Observation]) -> dict[str, NetUse]:
    """Sum up which net ended clusters, and how late."""
    ended = defaultdict(list)
    cases: dict[str, int] = defaultdict(int)
    for seen in observed:
        nets = {cluster.net for cluster in seen.clusters if cluster.net}
        for net in nets:
            cases[net] += 1
        for cluster in seen.clusters:
            if cluster.net:
                ended[cluster.net].append(cluster)
    return {
        net: NetUse(cases[net], max(each.minutes for each in ended[net]), max(each.usd for each in ended[net]))
        for net in ORDER
        if net in cases
    }
