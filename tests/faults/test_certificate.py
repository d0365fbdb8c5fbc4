"""The certificate of every job: every fault at every state, and no cluster survives."""

import pytest

from lambdas.specs import load_jobs
from scripts.certify.dynamic.cases import random_cases
from scripts.certify.dynamic.certify import Catalogue, DynamicReport, certify_machine
from scripts.certify.dynamic.deployment import machine_of
from scripts.certify.dynamic.nets import ORDER
from scripts.certify.dynamic.pool import Pool
from scripts.certify.dynamic.run import Machine

LEAST_CASES = 300
SAMPLE_EVERY = 25


@pytest.fixture(scope="module", params=load_jobs(), ids=lambda job: job.name)
def report(workers: Pool, request: pytest.FixtureRequest) -> DynamicReport:
    return certify_machine(workers, machine_of(request.param), 10, 1, lambda _done, _total: None)


@pytest.mark.parametrize("kind", ["survivor", "late", "untagged", "outcome"])
def test_no_case_goes_wrong(report: DynamicReport, kind: str) -> None:
    wrong = [f"{problem.case}: {problem.why}" for problem in report.problems if problem.kind == kind]
    assert not wrong, "\n".join(wrong)


def test_every_state_is_entered_and_every_net_is_needed(report: DynamicReport) -> None:
    assert report.unvisited == ()
    assert set(report.nets) == set(ORDER)


def test_there_are_enough_distinct_cases(catalogue: Catalogue) -> None:
    ids = [case.id for case in catalogue.cases]
    assert len(set(ids)) == len(ids) >= LEAST_CASES
    assert len({(case.scenario, repr(case.faults), case.nets) for case in catalogue.cases}) == len(ids)


def test_a_case_goes_the_same_way_every_time(workers: Pool, machine: Machine, catalogue: Catalogue) -> None:
    sample = [*catalogue.cases[::SAMPLE_EVERY], *random_cases(catalogue.cases, 5, 1)]
    first = {case.id: seen for case, seen in workers.observe(machine, sample)}
    second = {case.id: seen for case, seen in workers.observe(machine, sample[::-1])}
    assert first == second


def test_a_case_is_found_by_its_id(catalogue: Catalogue) -> None:
    last_random = list(random_cases(catalogue.cases, 4, 7))[-1]
    assert catalogue.find(last_random.id) == last_random
    assert catalogue.find(catalogue.cases[-1].id) == catalogue.cases[-1]


def test_another_seed_draws_other_cases(catalogue: Catalogue) -> None:
    drawn = {seed: [case.faults for case in random_cases(catalogue.cases, 10, seed)] for seed in (1, 2)}
    assert drawn[1] != drawn[2]
    assert drawn[1] == [case.faults for case in random_cases(catalogue.cases, 10, 1)]
