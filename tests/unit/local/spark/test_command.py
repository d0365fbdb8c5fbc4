from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local.spark.command import (
    UnsupportedStepError,
    is_cluster_setting,
    spark_submit_args,
    translate,
)
from scripts.local.spark.mirror import MissingObjectError

APP = "s3://code/jobs/x/clean.py"


def locate(uri: str) -> Path:
    return Path("/mirror") / uri.split("://", 1)[1]


def submit(*options: str, args: tuple[str, ...] = ()) -> list[str]:
    return ["spark-submit", *options, APP, *args]


def test_the_usual_step_keeps_nothing_but_the_application_and_its_arguments() -> None:
    command = translate(submit("--deploy-mode", "cluster", args=("--input", "s3://data/in/")), locate)
    assert command.application == Path("/mirror/code/jobs/x/clean.py")
    assert command.app_args == ("--input", "s3://data/in/")
    assert (command.options, command.conf) == ((), {})
    assert command.dropped == ("--deploy-mode cluster",)


@pytest.mark.parametrize(
    "options",
    [
        ["--master", "yarn"],
        ["--master=yarn"],
        ["--executor-memory", "9g", "--executor-cores=4", "--num-executors", "7"],
        ["--driver-memory", "9g", "--driver-cores", "4", "--queue", "default", "--supervise"],
        ["--conf", "spark.executor.memory=9g"],
        ["--conf=spark.executor.memoryOverhead=1g"],
        ["-c", "spark.dynamicAllocation.enabled=true"],
        ["--conf", "spark.yarn.maxAppAttempts=1", "--conf", "spark.driver.memory=9g", "--conf", "spark.master=yarn"],
        ["--conf", "spark.submit.deployMode=cluster", "--conf", "spark.shuffle.service.enabled=true"],
    ],
)
def test_what_places_or_sizes_a_job_on_a_cluster_is_dropped(options: list[str]) -> None:
    command = translate(submit(*options), locate)
    assert (command.options, command.conf) == ((), {})
    assert command.dropped


def test_other_settings_are_kept() -> None:
    command = translate(
        submit("--conf", "spark.sql.shuffle.partitions=7", "--conf=spark.x=a b=c", "--name", "é x", "--verbose"), locate
    )
    assert command.conf == {"spark.sql.shuffle.partitions": "7", "spark.x": "a b=c"}
    assert command.options == ("--name", "é x", "--verbose")


def test_files_in_s3_become_local_ones_and_others_stay() -> None:
    command = translate(
        submit(
            "--py-files",
            "s3://code/a.py,s3a://code/b c.zip",
            "--archives=s3://code/env.tgz#env",
            "--jars",
            "https://x/y.jar",
            "--files",
            "s3n://code/f.json,s3://code/old.json#g.json,https://x/h",
            "--conf",
            "spark.jars=s3://code/z.jar",
        ),
        locate,
    )
    assert command.options == (
        *("--py-files", "/mirror/code/a.py,/mirror/code/b c.zip"),
        *("--archives", "/mirror/code/env.tgz#env"),
        *("--jars", "https://x/y.jar"),
        *("--files", "/mirror/code/f.json,/mirror/code/old.json#g.json,https://x/h"),
    )
    assert command.files == {"f.json": Path("/mirror/code/f.json"), "g.json": Path("/mirror/code/old.json")}
    assert command.conf == {"spark.jars": "/mirror/code/z.jar"}


def test_a_jar_application_keeps_its_class() -> None:
    command = translate(["spark-submit", "--class", "org.x.Main", "s3://code/app.jar", "1"], locate)
    assert command.options == ("--class", "org.x.Main")
    assert command.application == Path("/mirror/code/app.jar")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "runs 'nothing'"),
        (["bash", "-c", "ls"], "runs 'bash'; the local cloud runs `command-runner.jar` with"),
        (["spark-submit", "--deploy-mode", "cluster"], "names no application"),
        (["spark-submit", "--conf"], "'--conf' has no value"),
        (["spark-submit", "--conf", "spark.x", APP], "'spark.x' is not of the form name=value"),
        (["spark-submit", "--frobnicate", "1", APP], "'--frobnicate' is not supported here; known are --archives"),
        (["spark-submit", "--name=", APP], "'--name=' is not supported"),
        (["spark-submit", "--properties-file", "x", APP], "'--properties-file' is not supported"),
        (["spark-submit", "/usr/lib/spark/examples/pi.py"], "'/usr/lib/spark/examples/pi.py' is not an s3:// object"),
    ],
)
def test_what_cannot_run_is_refused_in_words(args: list[str], says: str) -> None:
    with pytest.raises(UnsupportedStepError) as refused:
        translate(args, locate)
    assert says in str(refused.value)


def test_an_application_that_is_nowhere_is_named() -> None:
    def nowhere(uri: str) -> Path:
        raise MissingObjectError(f"{uri} is not in the local S3")

    with pytest.raises(MissingObjectError, match=r"s3://code/jobs/x/clean\.py"):
        translate(submit(), nowhere)


def test_only_command_runner_is_run() -> None:
    assert spark_submit_args({"Jar": "/var/lib/aws/emr/command-runner.jar", "Args": ["spark-submit"]}) == [
        "spark-submit"
    ]
    assert spark_submit_args({"Jar": "command-runner.jar"}) == []
    with pytest.raises(UnsupportedStepError, match=r"script-runner\.jar"):
        spark_submit_args({"Jar": "s3://eu-west-1.elasticmapreduce/libs/script-runner/script-runner.jar", "Args": []})


kept = st.sampled_from(["--name", "--class", "--packages"])
dropped = st.sampled_from(["--master", "--executor-memory", "--num-executors", "--queue", "--deploy-mode"])
settings = st.sampled_from(["spark.executor.cores=4", "spark.sql.x=1", "spark.yarn.tags=a", "spark.driver.memory=1g"])
option = st.one_of(
    st.tuples(st.one_of(kept, dropped), st.text(min_size=1)).map(list),
    st.tuples(dropped, st.text(min_size=1)).map(lambda pair: ["=".join(pair)]),
    settings.map(lambda setting: ["--conf", setting]),
    settings.map(lambda setting: [f"--conf={setting}"]),
)


@given(options=st.lists(option), args=st.lists(st.text()))
def test_the_arguments_of_the_application_always_survive(options: list[list[str]], args: list[str]) -> None:
    command = translate(submit(*(part for each in options for part in each), args=tuple(args)), locate)
    assert command.app_args == tuple(args)
    assert command.application == locate(APP)
    assert not any(is_cluster_setting(name) for name in command.conf)
