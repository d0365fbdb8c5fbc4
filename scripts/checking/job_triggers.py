"""The rules about objects that start jobs: runs that start themselves, and one run per file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from lambdas.inputs.uri import PATTERN_CHARACTERS
from lambdas.runs.planned_steps import MAX_STEP_CHARACTERS
from lambdas.specs import Job, ObjectCreated
from lambdas.specs.placeholders import DATA_BUCKET, INPUT, is_input
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs
from scripts.checking.step_places import Named, holds, outputs

# What Spark calls the files it writes.
_WRITTEN_BY_SPARK = (
    "_SUCCESS",
    *(
        f"part-00000-1.c000{compression}.{form}"
        for form in ("parquet", "orc", "avro", "csv", "json", "txt")
        for compression in ("", ".snappy", ".zstd", ".gz", ".zlib")
    ),
    *(f"part-00000-1.c000.{form}.{end}" for form in ("csv", "json", "txt") for end in ("gz", "bz2", "zst", "lz4")),
)

# Names of files that hold data, as opposed to those that mark the end of some.
_OF_DATA = (".parquet", ".orc", ".avro", ".csv", ".tsv", ".json", ".jsonl", ".txt", ".gz", ".bz2", ".zst", ".snappy")

_S3_EVENTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html"
_LOOPS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules-best-practices.html"


def _own_starts(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for written in outputs(job):
            if number := _first_started(job, written):
                yield (
                    _place(specs, job, written),
                    f"step {written.step.name!r} writes to {written.address}, which triggers[{number - 1}] watches",
                )


def _cycles(specs: Specs) -> Iterator[tuple[Place, str]]:
    starts = {
        job.name: sorted(
            other.name
            for other in specs.jobs.values()
            if other is not job and any(_first_started(other, written) for written in outputs(job))
        )
        for job in specs.jobs.values()
    }
    for name in starts:
        if way := _way(starts, name, name):
            yield specs.of_job(name, "triggers"), f"{' starts '.join(repr(each) for each in [name, *way])}"


def _way(starts: Mapping[str, Sequence[str]], begin: str, end: str) -> list[str] | None:
    """Return the shortest way from what a job starts back to a job."""
    ways = [[each] for each in starts[begin]]
    seen: set[str] = set()
    for way in ways:
        if way[-1] == end:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, each] for each in starts[way[-1]]]
    return None


def _below_input(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for written in outputs(job):
            folder = _folder(job)
            if folder and written.path.startswith(folder) and not _first_started(job, written):
                yield (
                    _place(specs, job, written),
                    f"step {written.step.name!r} writes to {written.address}, below the input {job.input}",
                )


def _per_object(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, created in _created(specs):
        is_data = not created.suffix or created.suffix.endswith(_OF_DATA)
        if created.input == "folder" and is_data:
            what = f"every object that ends in {created.suffix}" if created.suffix else "every object"
            yield specs.of_job(job.name, "triggers", number), f"{what} starts a run of its whole folder"


def _unbounded(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, created in _created(specs):
        if created.input == "object" and created.batch is None and job.limits.concurrent_runs is None:
            yield specs.of_job(job.name, "triggers", number), "every object starts a cluster of its own"


def _overlapping(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        numbered = [(number, created) for each, number, created in _created(specs) if each is job]
        for (first, one), (second, other) in combinations(numbered, 2):
            if _one_is(str.startswith, one.prefix, other.prefix) and _one_is(str.endswith, one.suffix, other.suffix):
                yield specs.of_job(job.name, "triggers", second), f"an object may match it and triggers[{first}]"


def _within_text(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, created in _created(specs):
        if created.batch is None or created.batch.max_objects == 1:
            continue
        for place, step in enumerate(job.steps):
            for argument, arg in enumerate(step.args):
                if holds(arg, INPUT) and not is_input(arg):
                    where = specs.of_job(job.name, "steps", place, "args", argument)
                    yield where, f"{arg!r} holds one input; a batch of triggers[{number}] has several"


def _long_arguments(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, created in _created(specs):
        if created.batch is None or not any(is_input(arg) for step in job.steps for arg in step.args):
            continue
        characters = created.batch.max_objects * len(f"{job.input}{created.prefix}{created.suffix}")
        if characters > MAX_STEP_CHARACTERS:
            yield (
                specs.of_job(job.name, "triggers", number),
                f"the addresses of {created.batch.max_objects:,} objects have {characters:,} characters at least; a "
                f"step's arguments {MAX_STEP_CHARACTERS:,} at most",
            )


def _created(specs: Specs) -> Iterator[tuple[Job, int, ObjectCreated]]:
    for job in specs.jobs.values():
        for number, trigger in enumerate(job.triggers):
            if trigger.object_created is not None:
                yield job, number, trigger.object_created


def _first_started(job: Job, written: Named) -> int | None:
    """Return which trigger of a job, counted from one, what is written somewhere sets off."""
    for number, trigger in enumerate(job.triggers, 1):
        created = trigger.object_created
        folder = _folder(job)
        if created is None or folder is None or not written.path.startswith(f"{folder}{created.prefix}"):
            continue
        if any(name.endswith(created.suffix) for name in _WRITTEN_BY_SPARK):
            return number
    return None


def _folder(job: Job) -> str | None:
    """Return the folder that is a job's input, without its scheme; ``None`` for an object or a pattern."""
    path = job.input.partition("://")[2]
    is_pattern = PATTERN_CHARACTERS & set(path.replace(f"${{{DATA_BUCKET}}}", ""))
    return path if path.endswith("/") and not is_pattern else None


def _one_is(test: Callable[[str, str], bool], one: str, other: str) -> bool:
    return test(one, other) or test(other, one)


def _place(specs: Specs, job: Job, named: Named) -> Place:
    return specs.of_job(job.name, *named.key)


TRIGGER_RULES = (
    Rule(
        id="job-starts-itself",
        severity="error",
        why="Every run writes what starts the next one: clusters for ever, until somebody sees the bill.",
        fix="Write outside of the job's input, or watch for a name that Spark does not write.",
        link=_LOOPS,
        find=_own_starts,
    ),
    Rule(
        id="jobs-start-each-other",
        severity="error",
        why="Each run writes what starts the other job: clusters for ever, until somebody sees the bill.",
        fix="Let one of them write outside of what the other watches.",
        link=_LOOPS,
        find=_cycles,
    ),
    Rule(
        id="output-below-input",
        severity="error",
        why="The next run reads what this one wrote along with its input, and a replay finds its input changed.",
        fix="Write outside of the job's input.",
        link="https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html",
        find=_below_input,
    ),
    Rule(
        id="trigger-per-file",
        severity="warning",
        why="Where ten files arrive, ten runs start, most of them while the others are still being written.",
        fix="Wait for a marker (suffix: _SUCCESS), or take the objects themselves: input: object, with a batch.",
        link=_S3_EVENTS,
        find=_per_object,
    ),
    Rule(
        id="clusters-unbounded",
        severity="note",
        why="A hundred objects start a hundred clusters at once; EC2's quota of vCPUs fails most of them.",
        fix="Gather objects in a batch, or bound the runs: limits: {concurrent_runs: 2}.",
        link="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-quotas.html",
        find=_unbounded,
    ),
    Rule(
        id="triggers-overlap",
        severity="warning",
        why="An object that matches two triggers is taken twice.",
        fix="Give them prefixes or suffixes of which no name has both.",
        link=_S3_EVENTS,
        find=_overlapping,
    ),
    Rule(
        id="input-within-text",
        severity="error",
        why="Only an argument of its own can become one for each object, so every run of a larger batch is refused.",
        fix="Make << input >> an argument of its own, or pass << manifest >>.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-submit-step.html",
        find=_within_text,
    ),
    Rule(
        id="batch-too-long-for-arguments",
        severity="warning",
        why="A full batch does not fit into the arguments EMR takes for a step, and its run is refused.",
        fix="Pass << manifest >> instead of << input >>, or lower max_objects.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_HadoopJarStepConfig.html",
        find=_long_arguments,
    ),
)
