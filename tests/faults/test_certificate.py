"""The certificate of every job: every fault at every state, and no cluster survives.

A job's machine, and a way of submitting its steps, is tried where it differs from those before it; the command tries
every job in full.
"""

import json

import pytest

from lambdas.specs import load_jobs
from scripts.certify.dynamic.cases import random_cases, slug
from scripts.certify.dynamic.certify import Catalogue, DynamicReport, certify_machine
from scripts.certify.dynamic.nets import ORDER
from scripts.certify.dynamic.pool import Pool
from scripts.certify.dynamic.run import Machine
from scripts.certify.dynamic.states import steps_of
from tests.faults.conftest import JOB
from tests.faults.variants import Variant, machine_of_variant, new_states

LEAST_CASES = 300
SAMPLE_EVERY = 40
RANDOMS = 10

OTHERS = [job.name for job in load_jobs() if job.name != JOB]
VARIANTS = [
    Variant(JOB),
    *(Variant(name) for name in OTHERS),
    Variant(JOB, "stepwise", runs=1),
]


@pytest.fixture(scope="module", params=VARIANTS, ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    assert isinstance(request.param, Variant)
    return request.param


@pytest.fixture(scope="module")
def report(workers: Pool, variant: Variant) -> DynamicReport:
    machine = machine_of_variant(variant)
    before = [machine_of_variant(each) for each in VARIANTS[: VARIANTS.index(variant)]]
    only = new_states(machine, before) if before else None
    return certify_machine(workers, machine, 0 if before else RANDOMS, 1, lambda _done, _total: None, only)


@pytest.mark.parametrize("kind", ["survivor", "late", "untagged", "outcome"])
def test_no_case_goes_wrong(report: DynamicReport, kind: str) -> None:
    wrong = [f"{problem.case}: {problem.why}" for problem in report.problems if problem.kind == kind]
    assert not wrong, "\n".join(wrong)


def test_every_state_is_entered(report: DynamicReport) -> None:
    assert report.unvisited == ()


def test_every_net_is_needed(report: DynamicReport, variant: Variant) -> None:
    # What the others leave out needs some of the nets; and steps that run abreast cannot end their cluster.
    assert set(ORDER if variant == VARIANTS[0] else ORDER[:2]) <= set(report.nets)


def test_what_may_meet_the_end_of_the_last_step_is_tried(machine: Machine, catalogue: Catalogue) -> None:
    ids = {case.id for case in catalogue.cases}
    last = slug(list(steps_of(json.loads(machine.definition)))[-1])
    for ending in ("done", "fails"):
        for when in ("before", "at", "after"):
            race = f"{ending}-{when}-look"
            assert {race, f"{race}/{last}/late", f"{race}/look-for-last-step/answers-no-steps"} < ids
            for fault in ("late", "throttled-once", "throttled-once-accepted", "internal-always"):
                assert f"{race}/let-emr-end-cluster/{fault}" in ids


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
