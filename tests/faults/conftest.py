from collections.abc import Iterator

import pytest

from lambdas.specs import load_job
from scripts.certify.dynamic.certify import Catalogue, make_catalogue
from scripts.certify.dynamic.deployment import machine_of
from scripts.certify.dynamic.pool import Pool, pool
from scripts.certify.dynamic.run import Machine

JOB = "pricing-summary"


@pytest.fixture(scope="session")
def workers() -> Iterator[Pool]:
    with pool() as workers:
        yield workers


@pytest.fixture(scope="session")
def machine() -> Machine:
    """Return the demo's machine with its nets."""
    return machine_of(load_job(JOB))


@pytest.fixture(scope="session")
def catalogue(workers: Pool, machine: Machine) -> Catalogue:
    return make_catalogue(workers, machine)
