from pathlib import Path

import pytest

from lambdas.specs import ObjectCreated, UnknownSpecError, load_cluster, load_job, load_jobs
from tests.unit.lambdas.specs.mistakes import change, findings


def test_shipped_specs_load() -> None:
    jobs = load_jobs()
    assert [job.name for job in jobs] == sorted(job.name for job in jobs)
    assert "pricing-summary" in {job.name for job in jobs}
    for job in jobs:
        assert load_cluster(job.cluster).name == job.cluster


def test_job_as_written(specs: Path) -> None:
    job = load_job("count", specs)
    assert job.steps[0].timeout == 90
    assert job.steps[0].args == ("--input", "<< input >>", "--run", "<< run_id >>")
    assert job.triggers[0].object_created == ObjectCreated(suffix="_SUCCESS")
    assert job.limits.max_nodes == 10
    assert job.on_failure.attempts == 2


def test_how_long_a_cluster_may_live(specs: Path) -> None:
    cluster = load_cluster("spark", specs)
    limit = cluster.start_timeout + 90 + cluster.terminate_timeout
    assert load_job("count", specs).max_lifetime(cluster) == limit
    change(specs / "jobs/count/job.yml", "max_nodes: 10", "max_nodes: 10, max_lifetime: 6h")
    assert load_job("count", specs).max_lifetime(cluster) == 6 * 3600


@pytest.mark.parametrize("attempts", [0, 1, 10])
def test_how_often_a_run_is_tried_again(specs: Path, attempts: int) -> None:
    change(specs / "jobs/count/job.yml", "limits:", f"on_failure: {{attempts: {attempts}}}\nlimits:")
    assert load_job("count", specs).on_failure.attempts == attempts


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "timeout: 90s",
            "timout: 90s",
            11,
            "steps[0].timout: expected one of name, script, args, output, needs, timeout (did you mean",
        ),
        ("    timeout: 90s\n", "", 8, "steps[0]: expected the key 'timeout'; found none"),
        ("timeout: 90s", "timeout: 90", 11, "steps[0].timeout: expected a duration with its unit, such as 90s, 30m"),
        (
            "timeout: 90s",
            "timeout: 90s\n    needs: [clean]",
            12,
            "needs[0]: expected a step listed before this one (there",
        ),
        ("timeout: 90s", "timeout: 90s\n    needs: [count]", 12, "needs[0]: expected a step listed before this one"),
        ("limits:", "submission: batch\nlimits:", 12, "submission: expected"),
        ("timeout: 90s", "timeout: 90 parsecs", 11, "found '90 parsecs'"),
        ("timeout: 90s", "timeout: 0s", 11, "expected a duration"),
        ("timeout: 90s", "timeout: 99999h", 11, "at most 27777h"),
        ("name: count\ndesc", "name: ../count\ndesc", 1, "name: expected a name of at most 40 lower-case letters"),
        ("name: count\ndesc", "name: other\ndesc", 1, "name: expected the name of the job's folder, 'count'"),
        ("- name: count", f"- name: {'c' * 41}", 8, "steps[0].name: expected a name of at most 40"),
        ("script: count.py", "script: gone.py", 9, "found 'gone.py', which does not exist"),
        ("script: count.py", "script: ../count/count.py", 9, "expected the name of a .py file beside job.yml"),
        (
            "<< input >>",
            "<< inptu >>",
            10,
            "steps[0].args[1]: expected only the placeholders ${data_bucket}, << input >>",
        ),
        ("<< input >>", "'${bucket}'", 10, "found the unknown placeholder '${bucket}'"),
        ("<< input >>", "'<< input'", 10, "found the unknown placeholder '<<'"),
        ("Counts.", "Counts << input >>.", 2, "description: expected no placeholder here"),
        ("s3://${data_bucket}/in/", "s3://${data_bucket}/<< run_id >>/", 4, "expected only the placeholders"),
        ("s3://${data_bucket}/in/", "s3a://${data_bucket}/in/", 4, "only s3:// is read"),
        ("s3://${data_bucket}/in/", "https://example.com/in/", 4, "starts with https://; only s3:// is read"),
        ("s3://${data_bucket}/in/", "s3:///in/", 4, "names no bucket"),
        ("s3://${data_bucket}/in/", "s3://x-${data_bucket}/in/", 4, "cannot be a bucket"),
        ("s3://${data_bucket}/in/", "s3://${data_bucket}/in", 4, "ends in '/', because a trigger watches it"),
        ("s3://${data_bucket}/in/", "s3://${data_bucket}/i*/", 4, "ends in '/', because a trigger watches it"),
        ("s3://${data_bucket}/in/", "s3://${data_bucket}/i[n/", 4, "the pattern 's3://bucket/i[n/' cannot be read"),
        ("_SUCCESS}", "_SUCCESS, input: file}", 6, "object_created.input: expected"),
        (
            "cluster: spark",
            "cluster: sprak",
            3,
            "cluster: expected a cluster spec of emr_specs/clusters (elastic, spark)",
        ),
        ("Counts.", "'{% $states.input %}'", 2, "text that Step Functions does not evaluate as JSONata"),
        ("--run", "'{% 1 %}'", 10, "steps[0].args[2]: expected text that Step Functions does not evaluate"),
        ("max_nodes: 10", "max_nodes: 1", 12, "limits.max_nodes: expected a number of at least 2; found 1 (a number)"),
        ("max_nodes: 10", "max_nodes: '10'", 12, "limits.max_nodes: expected a whole number; found '10'"),
        ("limits:", "on_failure: {attempts: -1}\nlimits:", 12, "on_failure.attempts: expected a number of at least 0"),
        ("limits:", "on_failure: {attempts: 11}\nlimits:", 12, "on_failure.attempts: expected a number of at most 10"),
        ("limits:", "on_failure: {attempts: '1'}\nlimits:", 12, "on_failure.attempts: expected a whole number"),
        ("limits:", "on_failure: {retries: 1}\nlimits:", 12, "on_failure.retries: expected one of attempts"),
        ("max_nodes: 10", "max_nodes: 10, max_lifetime: 6", 12, "limits.max_lifetime: expected a duration"),
        ("max_nodes: 10", "max_nodes: 10, spot: true", 12, "limits.spot: expected one of max_nodes"),
        ("--run", "10", 10, "steps[0].args[2]: expected text (quote it when it looks like something else); found 10"),
        ("--run", "*run", 10, "expected YAML without aliases, one document; found a YAML alias"),
        (
            "cluster: spark",
            "cluster: spark\ncluster: spark",
            4,
            "cluster: expected the key once; found it on lines 3 and 4",
        ),
        ("  - object_created", "  - every_minute: true\n  - object_created", 6, "triggers[0]"),
        ("limits: {", "limits: [", 12, "expected YAML"),
    ],
)
def test_mistake_in_a_job(specs: Path, old: str, new: str, line: int, words: str) -> None:
    change(specs / "jobs/count/job.yml", old, new)
    found = findings(lambda: load_job("count", specs))
    assert any(text.startswith(f"emr_specs/jobs/count/job.yml:{line}: ") and words in text for text in found), found


@pytest.mark.parametrize(
    "text", ["", "- name: count\n", "count\n", "3\n", "---\na: 1\n---\nb: 2\n", "\x00", "a: !!python/none"]
)
def test_job_that_is_no_mapping(specs: Path, text: str) -> None:
    (specs / "jobs/count/job.yml").write_text(text)
    assert findings(lambda: load_job("count", specs))


def test_job_that_is_not_utf_8(specs: Path) -> None:
    (specs / "jobs/count/job.yml").write_bytes(b"name: \xff\n")
    assert findings(lambda: load_job("count", specs)) == [
        "emr_specs/jobs/count/job.yml:1: expected UTF-8 text; found byte 6 that is not"
    ]


def test_steps_of_one_name(specs: Path) -> None:
    change(
        specs / "jobs/count/job.yml",
        "limits:",
        "  - {name: count, script: count.py, timeout: 1h}\nlimits:",
    )
    assert findings(lambda: load_job("count", specs)) == [
        "emr_specs/jobs/count/job.yml:12: steps[1].name: expected a name no other step has; "
        "found 'count', which steps[0] has already"
    ]


def test_all_findings_at_once(specs: Path) -> None:
    path = specs / "jobs/count/job.yml"
    change(path, "90s", "90")
    change(path, "count.py", "gone.py")
    change(path, "cluster: spark", "cluster: none-such")
    change(path, "description", "descriptoin")
    keys = [text.split(" ")[1] for text in findings(lambda: load_job("count", specs))]
    assert keys == ["expected", "descriptoin:", "cluster:", "steps[0].script:", "steps[0].timeout:"]


def test_findings_of_all_jobs(specs: Path) -> None:
    (specs / "jobs/Other").mkdir()
    change(specs / "jobs/count/job.yml", "90s", "90")
    found = findings(lambda: load_jobs(specs))
    assert [text.split(":")[0] for text in found] == ["emr_specs/jobs/Other/job.yml", "emr_specs/jobs/count/job.yml"]


@pytest.mark.parametrize("name", ["../count", "count/../count", "", "Count", "other", "a" * 300, "..", "count/"])
def test_unknown_job(specs: Path, name: str) -> None:
    with pytest.raises(UnknownSpecError, match="known: count"):
        load_job(name, specs)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("release: emr-7.14.0", "release: 7.14.0", "release: expected an EMR release label"),
        (
            "primary_type: m7g.xlarge",
            "primary_type: m7g.xlarge\nfamilies: [m9z]",
            "families[0]: expected a type or family in emr_specs/instances/us-east-1.json",
        ),
        (
            "primary_type: m7g.xlarge",
            "primary_type: m7g.xlarge\nfamilies: [m5]",
            "families[0]: expected architecture arm64, as the spec says; found 'm5'",
        ),
        ("primary_type: m7g.xlarge", "primary_type: m7g.metal", "such as m7g.xlarge, m7g.8xlarge"),
        ("primary_type: m7g.xlarge", "primary_type: m5.xlarge", "found 'm5.xlarge', which is x86_64"),
        ("architecture: arm64", "architecture: arm", "architecture: expected arm64 or x86_64; found 'arm'"),
        ("idle_timeout: 20m", "idle_timeout: 59s", "idle_timeout: expected a duration from 60s to 168h"),
        ("spot_timeout: 10m", "spot_timeout: 4m", "spot_timeout: expected a duration from 5m to 24h"),
        ("spark: 3.5.8", "spark: 3.5", "spark: expected text"),
        ("applications: [Spark]", "applications: []", "applications: expected at least one item"),
        ("spark.sql.adaptive.enabled", "spark.executor.memory", "expected no property that the size of a run sets"),
        ('"true"', "true", "configurations.spark-defaults.spark.sql.adaptive.enabled: expected text"),
        ("name: spark", "name: sparkle", "name: expected the name of its file, 'spark'"),
        ("configurations:", "bootstrap_actions: [{name: x, script: x.sh}]\nconfigurations:", "has no scheme"),
    ],
)
def test_mistake_in_a_cluster(specs: Path, old: str, new: str, words: str) -> None:
    change(specs / "clusters/spark.yml", old, new)
    found = findings(lambda: load_cluster("spark", specs))
    assert any(words in text for text in found), found


def test_newer_release_labels(specs: Path) -> None:
    change(specs / "clusters/spark.yml", "emr-7.14.0\n", "emr-spark-8.1.0\n")
    assert load_cluster("spark", specs).release == "emr-spark-8.1.0"
