"""The rules about what starts jobs: what breaks each, and what is similar and does not."""

from pathlib import Path

import pytest

from tests.unit.checking.variants import PRICING, SHIPPING, Case, Edit, findings, holds, variant

RESULTS = "s3://${data_bucket}/results/<< run_id >>/"
MARKER = "object_created: {suffix: _SUCCESS}"


def results(address: str) -> Edit:
    return (PRICING, RESULTS, address)


def trigger(words: str) -> Edit:
    return (PRICING, MARKER, words)


def schedule(words: str) -> Edit:
    return trigger(f"schedule: {{{words}}}")


def event(words: str) -> Edit:
    return trigger(f"event: {{{words}}}")


def batch(objects: int) -> Edit:
    words = f"{{suffix: .parquet, input: object, batch: {{window: 10m, max_objects: {objects}}}}}"
    return trigger(f"object_created: {words}")


MANIFEST: Edit = (PRICING, "--input, << input >>", "--manifest, << manifest >>")

CASES = [
    Case(
        "job-starts-itself",
        (results("s3://${data_bucket}/landing/tpch/results/<< run_id >>/"),),
        "landing/tpch/results/",
        "step 'summarise' writes to s3://${data_bucket}/landing/tpch/results/<< run_id >>/, which triggers[0] watches",
        (results("s3://${data_bucket}/landing/tpch-results/<< run_id >>/"),),
    ),
    Case(
        "job-starts-itself",
        (
            results("s3://${data_bucket}/landing/tpch/results/<< run_id >>/"),
            trigger("object_created: {suffix: .parquet}"),
        ),
        "landing/tpch/results/",
        "triggers[0] watches",
        (
            results("s3://${data_bucket}/landing/tpch/results/<< run_id >>/"),
            trigger("object_created: {suffix: _READY}"),
        ),
    ),
    Case(
        "job-starts-itself",
        (
            results("s3://${data_bucket}/landing/tpch/results/<< run_id >>/"),
            trigger("object_created: {prefix: res, suffix: _SUCCESS}"),
        ),
        "landing/tpch/results/",
        "triggers[0] watches",
        (
            results("s3://${data_bucket}/landing/tpch/results/<< run_id >>/"),
            trigger("object_created: {prefix: raw/, suffix: _SUCCESS}"),
        ),
    ),
    Case(
        "jobs-start-each-other",
        (
            (SHIPPING, "\nsteps:", "\ntriggers:\n  - object_created: {suffix: _SUCCESS}\nsteps:"),
            (SHIPPING, "shipping/<< run_id >>/report/", "landing/tpch/<< run_id >>/report/"),
            results("s3://${data_bucket}/landing/tpch/lineitem/<< run_id >>/"),
        ),
        "triggers:",
        "'shipping-report' starts 'pricing-summary' starts 'shipping-report'",
        (
            (SHIPPING, "\nsteps:", "\ntriggers:\n  - object_created: {suffix: _SUCCESS}\nsteps:"),
            results("s3://${data_bucket}/landing/tpch/lineitem/<< run_id >>/"),
        ),
    ),
    Case(
        "output-below-input",
        ((SHIPPING, "shipping/<< run_id >>/report/", "landing/tpch/lineitem/<< run_id >>/report/"),),
        "landing/tpch/lineitem/",
        "step 'report' writes to s3://${data_bucket}/landing/tpch/lineitem/<< run_id >>/report/, below the input",
        (
            (SHIPPING, "tpch/lineitem/\n", "tpch/lineitem/2026-*/\n"),
            (SHIPPING, "shipping/<< run_id >>/report/", "landing/tpch/lineitem/reports/<< run_id >>/"),
        ),
    ),
    Case(
        "trigger-per-file",
        (trigger("object_created: {suffix: .parquet}"),),
        ".parquet",
        "every object that ends in .parquet starts a run of its whole folder",
        (trigger("object_created: {suffix: .done}"),),
    ),
    Case(
        "trigger-per-file",
        (trigger("object_created: {prefix: 2026/}"),),
        "prefix: 2026/",
        "every object starts a run of its whole folder",
        (trigger("object_created: {suffix: .json, input: manifest}"),),
    ),
    Case(
        "clusters-unbounded",
        (trigger("object_created: {suffix: .csv, input: object}"),),
        "input: object",
        "every object starts a cluster of its own",
        (
            trigger("object_created: {suffix: .csv, input: object}"),
            (PRICING, "{max_nodes: 40}", "{max_nodes: 40, concurrent_runs: 2}"),
        ),
    ),
    Case(
        "triggers-overlap",
        (trigger(f"{MARKER}\n  - object_created: {{prefix: 2026/}}"),),
        "prefix: 2026/",
        "an object may match it and triggers[0]",
        (trigger(f"{MARKER}\n  - object_created: {{suffix: _FAILED}}"),),
    ),
    Case(
        "input-within-text",
        (batch(50), (PRICING, "--input, << input >>", '"--input=<< input >>"')),
        "--input=<< input >>",
        "'--input=<< input >>' holds one input; a batch of triggers[0] has several",
        (batch(50),),
    ),
    Case(
        "batch-too-long-for-arguments",
        (batch(500),),
        "max_objects: 500",
        "the addresses of 500 objects have 20,500 characters at least",
        (batch(500), MANIFEST),
    ),
    Case(
        "schedule-never-due",
        (schedule("expression: 'cron(0 3 31 2 ? *)'"),),
        "cron(0 3 31 2 ? *)",
        "cron(0 3 31 2 ? *) is not due within eight years",
        (schedule("expression: 'cron(0 3 29 2 ? *)'"),),
    ),
    Case(
        "schedule-too-often",
        (schedule("expression: rate(5 minutes)"),),
        "rate(5 minutes)",
        "rate(5 minutes) is due every 5 minutes; a run may take 10 minutes",
        (schedule("expression: rate(1 hour)"),),
    ),
    Case(
        "schedule-too-often",
        (schedule("expression: 'cron(0 * * * ? *)'"), (PRICING, "class: sql", "class: sql\nsize: {deadline: 2h}")),
        "cron(0 * * * ? *)",
        "is due every 1:00:00; a run may take 2:00:00",
        (schedule("expression: 'cron(0 * * * ? *)'"), (PRICING, "class: sql", "class: sql\nsize: {deadline: 45m}")),
    ),
    Case(
        "schedule-paused",
        (schedule("expression: rate(1 day), paused: true"),),
        "paused: true",
        "the schedule of 'pricing-summary' is paused",
        (schedule("expression: rate(1 day), paused: false"),),
    ),
    Case(
        "schedule-skipped-in-spring",
        (schedule("expression: 'cron(30 2 * * ? *)', timezone: Europe/Berlin"),),
        "timezone: Europe/Berlin",
        "2027-03-28 02:30 does not exist in Europe/Berlin",
        (schedule("expression: 'cron(30 2 * * ? *)'"),),
    ),
    Case(
        "flexible-window-long",
        (schedule("expression: rate(1 hour), flexible_window: 2h"),),
        "flexible_window: 2h",
        "2:00:00; rate(1 hour) is due every 1:00:00",
        (schedule("expression: rate(1 hour), flexible_window: 15m"),),
    ),
    Case(
        "event-pattern-broad",
        (event("source: [aws.glue]"),),
        "aws.glue",
        "it only says source",
        (event("source: [my.application]"),),
    ),
    Case(
        "event-of-own-runs",
        (event("source: [aws.emr], detail-type: [EMR Cluster State Change], detail: {state: [TERMINATED]}"),),
        "aws.emr",
        "events of aws.emr of every run; none of clusterId, name, resourceId in its detail",
        (event("source: [aws.emr], detail-type: [EMR Cluster State Change], detail: {name: [ingest]}"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_mistake_is_found_and_what_is_right_is_not(case: Case, tmp_path: Path) -> None:
    holds(case, tmp_path)


def test_every_job_of_a_cycle_is_named(tmp_path: Path) -> None:
    (case,) = [each for each in CASES if each.rule == "jobs-start-each-other"]
    found = findings(variant(tmp_path, case.breaks), case.rule)
    assert [each.file.split("/")[2] for each in found] == ["pricing-summary", "shipping-report"]
