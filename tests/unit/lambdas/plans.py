"""Plans of a job of two steps, `clean` and `summarise`, as `plan_run` makes them of a measured volume."""

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from lambdas.runs.plan import Estimated, Measured, Plan, PlannedRung, PlannedStep
from lambdas.runs.request import cluster_request, size_of
from lambdas.sizing import build_ladder, decide_size
from lambdas.specs import Cluster, load_catalogue, load_cluster

CATALOGUE = load_catalogue("us-east-1")
SPARK = load_cluster("spark")
SUBNETS = ("subnet-1", "subnet-2")
STEPS = ("clean", "summarise")
NAME = "pricing-summary-run-1"
GIGABYTE = 10**9


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
    measured = csv(gigabytes)
    decision = decide_size(measured, cluster, CATALOGUE, 40, len(STEPS))
    ladder = build_ladder(measured, decision, cluster, CATALOGUE, 40, len(STEPS), subnets)
    rungs = [
        PlannedRung(
            why=rung.why,
            size=size_of(rung.shape, rung.shuffle_partitions, rung.emitted, rung.market),
            estimate=Estimated(minutes=rung.estimate.minutes, usd=rung.estimate.usd),
            cluster=cluster_request(NAME, rung.emitted, rung.subnets),
        )
        for rung in ladder
    ]
    return Plan(
        run="run-1",
        job="pricing-summary",
        input="s3://the-data/landing/",
        manifest="s3://the-logs/runs/pricing-summary/run-1/manifest.json",
        measured=Measured(
            bytes=measured.bytes,
            files=measured.files,
            largest_file_bytes=measured.largest_file_bytes,
            format="csv",
            codec="none",
            unsplittable_bytes=0,
        ),
        attempts=attempts,
        first_step=STEPS[0],
        size=size_of(decision.shape, decision.shuffle_partitions, decision.emitted, cluster.task_market),
        estimate=Estimated(minutes=decision.estimate.minutes, usd=decision.estimate.usd),
        receipt=decision.receipt,
        cluster=cluster_request(NAME, decision.emitted, subnets),
        steps=[PlannedStep(name=name, args=["spark-submit", f"s3://the-code/{name}.py"]) for name in STEPS],
        ladder=rungs,
    )
