"""Sizes decided for inputs of the tests."""

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from lambdas.prediction import PastRun
from lambdas.sizing import Asked, Decision, Goal, Known, Sizes, weigh_sizes
from lambdas.sizing.expect import workers_of
from lambdas.specs import Catalogue, Cluster
from tests.unit.lambdas.sizing.accepted import CATALOGUE, SPARK
from tests.unit.lambdas.sizing.strategies import measurement

HOUR = 3_600.0
GIGABYTE = 10**9
NOTHING = Known()
ASKED = Asked(40)

SMALL = measurement([(Kind("csv", "none"), 1, 1_000)])
HUNDRED_GB = measurement([(Kind("csv", "none"), 800, 125_000_000)])
BIG = measurement([(Kind("csv", "none"), 2_400, 125_000_000)])
ONE_GZIP = measurement([(Kind("csv", "gzip"), 1, 50 * GIGABYTE)])


def asking(
    max_nodes: int = 40,
    deadline: float | None = None,
    budget: float | None = None,
    confidence: float = 0.9,
    job_class: str | None = None,
) -> Asked:
    """Return what a job asks for."""
    return Asked(max_nodes, job_class, Goal(deadline, budget, confidence))


def weighed(
    measured: Measurement = HUNDRED_GB,
    asked: Asked = ASKED,
    known: Known = NOTHING,
    cluster: Cluster = SPARK,
    catalogue: Catalogue = CATALOGUE,
) -> Sizes:
    """Return the sizes of a run for which there are some."""
    sizes = weigh_sizes(measured, asked, known, cluster, catalogue)
    assert sizes is not None
    return sizes


def decided(
    measured: Measurement = HUNDRED_GB,
    asked: Asked = ASKED,
    known: Known = NOTHING,
    cluster: Cluster = SPARK,
    catalogue: Catalogue = CATALOGUE,
) -> Decision:
    """Return the best size of a run."""
    return weighed(measured, asked, known, cluster, catalogue).best


def past_run(instance_type: str, nodes: int, seconds: float, data_bytes: int = 100 * GIGABYTE) -> PastRun:
    """Return a run of a job on some workers."""
    return PastRun(data_bytes, workers_of(CATALOGUE.get(instance_type), nodes), seconds)


def known_by(*runs: PastRun) -> Known:
    """Return what is known of a job by its own runs."""
    return Known(runs=runs, names=tuple(f"run-{number}" for number in range(len(runs))))
