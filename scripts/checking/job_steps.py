"""The rules about the steps of a job: what their arguments say they read and write."""

import re
from collections.abc import Iterator
from itertools import combinations

from lambdas.specs import Job, Step
from lambdas.specs.placeholders import INPUT, RUN_ID
from scripts.checking.job_scripts import replaces_partitions
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs
from scripts.checking.step_places import Named, argument_places, holds, named_places, outputs

_MANIFEST = "manifest"

# https://spark.apache.org/docs/latest/submitting-applications.html
_SUBMIT = "https://spark.apache.org/docs/latest/submitting-applications.html"
_SUBMIT_OPTIONS = (
    *("--conf", "--deploy-mode", "--master", "--properties-file", "--keytab", "--principal"),
    *("--driver-cores", "--driver-memory", "--executor-cores", "--executor-memory", "--num-executors"),
    *("--archives", "--exclude-packages", "--jars", "--packages", "--py-files", "--repositories"),
)

_S3_PATHS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-file-systems.html"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_ACCESS_KEY = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")
_SECRET_NAME = re.compile(
    r"(?i)(password|passwd|client[-_.]?secret|secret[-_.]?key|access[-_.]?key|api[-_.]?key|auth[-_.]?token)$"
)
# A reference to a secret is none: an address, a name in Secrets Manager or Parameter Store, or an option's name.
_REFERENCE = re.compile(r"(?i)^(arn:|s3://|secretsmanager:|ssm:|/|--|\$\{|<<|true$|false$|$)")


def _shared_outputs(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for each in outputs(job):
            if not each.is_of_run and not replaces_partitions(specs, job, each.step):
                yield _place(specs, job, each), f"step {each.step.name!r} of every run writes to {each.address}"


def _unwritten_inputs(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for each in _reads_of_run(job):
            # Whatever its option is called, another step that names the place may be the one that writes it.
            if not any(each.overlaps(other) for other in named_places(job) if other.step is not each.step):
                yield _place(specs, job, each), f"step {each.step.name!r} reads {each.address}, which no step writes"


def _unawaited_inputs(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        waves = {step.name: number for number, wave in enumerate(job.waves) for step in wave}
        for each in _reads_of_run(job):
            writers = [own.step.name for own in outputs(job) if each.overlaps(own) and own.step is not each.step]
            if writers and all(waves[writer] >= waves[each.step.name] for writer in writers):
                yield (
                    _place(specs, job, each),
                    f"step {each.step.name!r} does not wait for {writers[0]!r}, which writes {each.address}",
                )


def _reads_of_run(job: Job) -> Iterator[Named]:
    for each in named_places(job):
        if not each.is_output and holds(each.address, RUN_ID):
            yield each


def _same_outputs(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for first, second in combinations(outputs(job), 2):
            if first.overlaps(second) and first.step is not second.step:
                yield (
                    _place(specs, job, second),
                    f"step {second.step.name!r} writes to {second.address}, {first.step.name!r} to {first.address}",
                )


def _overwritten_inputs(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for read in named_places(job):
            for written in outputs(job):
                if not read.is_output and read.step is written.step and read.overlaps(written):
                    yield _place(specs, job, written), f"step {read.step.name!r} reads {read.address} and writes there"


def _unused_inputs(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        args = [arg for step in job.steps for arg in step.args]
        if not any(holds(arg, INPUT) or holds(arg, _MANIFEST) for arg in args):
            yield specs.of_job(job.name, "steps"), "no step has << input >> or << manifest >> among its arguments"


def _submit_options(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, step, place, arg in _arguments(specs):
        if arg.partition("=")[0] in _SUBMIT_OPTIONS:
            yield _argument(specs, job, step, place), f"{arg} of step {step.name!r}"


def _old_schemes(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for each in argument_places(job):
            if each.scheme in ("s3a", "s3n"):
                yield _place(specs, job, each), f"{each.address} of step {each.step.name!r}"


def _cluster_storage(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for each in argument_places(job):
            if each.scheme in ("hdfs", "file"):
                yield _place(specs, job, each), f"{each.address} of step {each.step.name!r}"


def _secrets(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, step, place, arg in _arguments(specs):
        name, _, value = arg.partition("=") if "=" in arg else (step.args[place - 1] if place else "", "", arg)
        if _is_secret(name, value):
            yield _argument(specs, job, step, place), f"an argument of step {step.name!r}"
    for cluster in specs.clusters.values():
        for classification, properties in cluster.configurations.items():
            for key, value in properties.items():
                if _is_secret(key, value):
                    yield specs.of_cluster(cluster.name, "configurations", classification, key), f"the value of {key}"
        for number, action in enumerate(cluster.bootstrap_actions):
            if any(_is_secret(*arg.partition("=")[::2]) for arg in action.args):
                yield specs.of_cluster(cluster.name, "bootstrap_actions", number), f"an argument of {action.name!r}"


def _is_secret(name: str, value: str) -> bool:
    if _ACCESS_KEY.search(value):
        return True
    return _SECRET_NAME.search(name.strip()) is not None and _REFERENCE.match(value) is None


def _arguments(specs: Specs) -> Iterator[tuple[Job, Step, int, str]]:
    for job in specs.jobs.values():
        for step in job.steps:
            for place, arg in enumerate(step.args):
                yield job, step, place, arg


def _argument(specs: Specs, job: Job, step: Step, place: int) -> Place:
    return specs.of_job(job.name, "steps", job.steps.index(step), "args", place)


def _place(specs: Specs, job: Job, named: Named) -> Place:
    return specs.of_job(job.name, *named.key)


STEP_RULES = (
    Rule(
        id="output-shared-by-runs",
        severity="warning",
        why="Two runs at a time overwrite each other's output, and a replay that of the run it repeats.",
        fix="Put << run_id >> into it, or let Spark replace just the partitions that the run has data for: "
        "partitionOverwriteMode dynamic, in the script or in the cluster spec's spark-defaults.",
        link="https://spark.apache.org/docs/latest/sql-data-sources-load-save-functions.html#save-modes",
        find=_shared_outputs,
    ),
    Rule(
        id="input-not-written",
        severity="error",
        why="A folder of the run is empty unless a step of the run writes it: Spark says that the path does not exist.",
        fix="Read what an earlier step writes, << input >>, or a folder that is not of the run.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-submit-step.html",
        find=_unwritten_inputs,
    ),
    Rule(
        id="input-not-awaited",
        severity="error",
        why="The step may start before what it reads is written, or is listed before the step that writes it.",
        fix="List the step that writes it earlier and name it in 'needs'.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-concurrent-steps.html",
        find=_unawaited_inputs,
    ),
    Rule(
        id="outputs-overlap",
        severity="error",
        why="A step that replaces its output removes what another step has written there or below it.",
        fix="Give every step a folder of its own.",
        link="https://spark.apache.org/docs/latest/sql-data-sources-load-save-functions.html#save-modes",
        find=_same_outputs,
    ),
    Rule(
        id="output-replaces-input",
        severity="error",
        why="Spark removes the output's folder before it has read the input: the data is lost.",
        fix="Write to another folder; where the argument says where the step writes, let it be << output >>.",
        link="https://spark.apache.org/docs/latest/sql-data-sources-load-save-functions.html#save-modes",
        find=_overwritten_inputs,
    ),
    Rule(
        id="input-unused",
        severity="warning",
        why="The run is started, measured and sized by its input, but no step learns which it is.",
        fix="Pass << input >> or << manifest >> to the step that reads it.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-submit-step.html",
        find=_unused_inputs,
    ),
    Rule(
        id="submit-option-after-script",
        severity="warning",
        why="Arguments of a step go to its script: spark-submit takes only what stands before it.",
        fix="Set properties of Spark in the cluster spec's configurations; memory and cores follow from the size.",
        link=_SUBMIT,
        find=_submit_options,
    ),
    Rule(
        id="s3-scheme-old",
        severity="warning",
        why="EMR reads and writes s3://; s3n:// is gone from Hadoop, and s3a:// was unsupported before emr-7.10.0.",
        fix="Write s3://.",
        link=_S3_PATHS,
        find=_old_schemes,
    ),
    Rule(
        id="data-on-cluster",
        severity="warning",
        why="HDFS goes with the cluster, and a run that is tried again has another one, from the failed step on.",
        fix="Write to S3.",
        link=_S3_PATHS,
        find=_cluster_storage,
    ),
    Rule(
        id="secret-in-spec",
        severity="error",
        why="Arguments and configurations are shown in the console and the logs, and kept by EMR in plain text.",
        fix="Store it in AWS Secrets Manager, pass its name, and let the script or the cluster read it.",
        link="https://docs.aws.amazon.com/secretsmanager/latest/userguide/integrating-emr.html",
        find=_secrets,
    ),
)
