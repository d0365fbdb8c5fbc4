"""Plans of a job of two steps, `clean` and `summarise`, as `plan_run` makes them of a measured volume."""

from lambdas.history.event_log import step_settings
from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from lambdas.runs.plan import Measured, Plan, PlannedStep
from lambdas.runs.reasons import reasons_of
from lambdas.runs.request import planned_rung
from lambdas.sizing import Asked, Known, build_ladder, weigh_sizes
from lambdas.sizing.ladder import first_rung
from lambdas.sizing.receipt import receipt, warnings_of
from lambdas.specs import Cluster, load_catalogue, load_cluster

CATALOGUE = load_catalogue("us-east-1")
SPARK = load_cluster("spark")
SUBNETS = ("subnet-1", "subnet-2")
STEPS = ("clean", "summarise")
NAME = "pricing-summary-run-1"
FOLDER = "s3://the-logs/runs/pricing-summary/run-1/"
GIGABYTE = 10**9
ASKED = Asked(40)
KNOWN = Known()

# Sizing takes a while, and most tests want the same few plans.
_MADE: dict[tuple[int, str, tuple[str, ...], int], Plan] = {}


def csv(gigabytes: int) -> Measurement:
    """Return so many files of a gigabyte each."""
    return Measurement(
        bytes=gigabytes * GIGABYTE,
        files=gigabytes,
        largest_file_bytes=GIGABYTE,
        largest_unsplittable_bytes=0,
        unsplittable_bytes=0,
        unsplittable_files=0,
        kinds=((Kind("csv", "none"), gigabytes * GIGABYTE),),
    )


def a_plan(gigabytes: int = 1, cluster: Cluster = SPARK, subnets: tuple[str, ...] = SUBNETS, attempts: int = 3) -> Plan:
    """Return the plan of a run over so much, with its ladder."""
    key = (gigabytes, cluster.model_dump_json(), subnets, attempts)
    if key not in _MADE:
        _MADE[key] = _make_plan(gigabytes, cluster, subnets, attempts)
    return _MADE[key].model_copy(deep=True)


def _make_plan(gigabytes: int, cluster: Cluster, subnets: tuple[str, ...], attempts: int) -> Plan:
    measured = csv(gigabytes)
    sizes = weigh_sizes(measured, ASKED, KNOWN, cluster, CATALOGUE)
    assert sizes is not None
    decision = sizes.best
    ladder = build_ladder(decision, sizes, subnets)
    first, *rungs = [planned_rung(rung, NAME, FOLDER) for rung in (first_rung(decision, subnets), *ladder)]
    return Plan(
        run="run-1",
        job="pricing-summary",
        input="s3://the-data/landing/",
        manifest=f"{FOLDER}manifest.json",
        measured=Measured(
            bytes=measured.bytes,
            files=measured.files,
            largest_file_bytes=measured.largest_file_bytes,
            format="csv",
            codec="none",
            unsplittable_bytes=0,
        ),
        attempts=attempts,
        size=first.size,
        estimate=first.estimate,
        receipt=receipt(measured, ASKED, KNOWN, decision, cluster, CATALOGUE),
        reasons=reasons_of(ASKED, KNOWN, decision, warnings_of(measured, ASKED, decision)),
        cluster=first.cluster,
        steps=[
            PlannedStep(name=name, args=["spark-submit", *step_settings(name), f"s3://the-code/{name}.py"])
            for name in STEPS
        ],
        ladder=rungs,
    )
