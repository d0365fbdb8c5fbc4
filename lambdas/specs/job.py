"""A job: what ``emr_specs/jobs/<name>/job.yml`` says."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from lambdas.inputs.globs import parse_address
from lambdas.inputs.uri import S3Uri, UriError
from lambdas.specs.cluster import Cluster
from lambdas.specs.placeholders import DATA_BUCKET, RUN_ID, substitute, unknown_placeholders
from lambdas.specs.scaling import MANAGED
from lambdas.specs.triggers import Trigger
from lambdas.specs.types import Count, Duration, Line, Name, Script, Spec, expected, not_empty

# Instances of one fleet before release 7.7, the lowest limit among the releases.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
MAX_NODES = 2_000

# A primary and a core node.
MIN_NODES = 2

# A run that failed so often will not succeed by being tried once more.
MAX_ATTEMPTS = 10

Submission = Literal["pipelined", "stepwise"]
JobClass = Literal["scan", "sql", "shuffle", "ml", "ml-iterative", "graph-iterative"]


_BUCKET = f"s3://${{{DATA_BUCKET}}}/"


def _input(text: str) -> str:
    try:
        parse_address(text.replace(_BUCKET, "s3://bucket/", 1))
    except UriError as error:
        raise expected(f"an input such as {_BUCKET}landing/ ({error})") from error
    return text


def _output(text: str) -> str:
    wanted = f"a folder that ends in '/', such as {_BUCKET}clean/<< {RUN_ID} >>/"
    if not text.startswith(_BUCKET):
        raise expected(f"{wanted}: a cluster may write only to the data bucket")
    # A placeholder that may not stand there is found by name elsewhere; here it stands for itself.
    key = text.removeprefix(_BUCKET)
    if not unknown_placeholders(key, frozenset({RUN_ID})):
        key = substitute(key, {RUN_ID: "run"})
    try:
        address = S3Uri.parse(f"s3://bucket/{key}")
    except UriError as error:
        raise expected(f"{wanted} ({error})") from error
    if not address.key.endswith("/"):
        raise expected(wanted)
    return text


def _as_list(value: object) -> object:
    if isinstance(value, str):
        return (_output(value),)
    if isinstance(value, list | tuple):
        return value
    raise expected(f"a folder such as {_BUCKET}clean/<< {RUN_ID} >>/, or a list of such")


class Step(Spec):
    """One ``spark-submit`` of a script beside ``job.yml``.

    Attributes
    ----------
    needs
        The steps it needs, all listed before it; without it the one listed just before it, and nothing when empty.
    output
        The folders it writes, one or a list in the file: all of them, and nothing else writes there. What lies there
        when it has succeeded proves that it need not run again; a step without them runs in every replay.
    timeout
        Seconds it may take.
    """

    name: Name
    script: Script
    args: tuple[str, ...] = ()
    output: Annotated[tuple[Annotated[str, AfterValidator(_output)], ...], BeforeValidator(_as_list)] = ()
    needs: tuple[Name, ...] | None = None
    timeout: Duration


class Limits(Spec):
    """What a run may never exceed.

    Attributes
    ----------
    max_nodes
        Instances, the primary too.
    max_lifetime
        Seconds a cluster may live, whatever it does; without it, what all its timeouts together allow.
    concurrent_runs
        Runs of the job that may be at work at a time, whoever started them; without it, any number.
    """

    max_nodes: Annotated[Count, Field(ge=MIN_NODES, le=MAX_NODES)]
    max_lifetime: Duration | None = None
    concurrent_runs: Count | None = None


class SizeGoal(Spec):
    """What the size of a run is chosen for: the cheapest in time, or the fastest for the money.

    Attributes
    ----------
    deadline
        Seconds from start to end, provisioning included; without it the cheapest run is looked for.
    confidence
        The least probability with which deadline and budget must be kept; by default 0.85, and 0.9 for a job without
        past runs.
    budget_usd
        What a run may cost; with it and without a deadline, the fastest run within it is looked for.
    when_nothing_fits
        Start the best there is and warn, or refuse to start.
    """

    deadline: Duration | None = None
    confidence: Annotated[float, Field(gt=0, lt=1)] | None = None
    budget_usd: Annotated[float, Field(gt=0)] | None = None
    when_nothing_fits: Literal["best", "refuse"] = "best"


class OnFailure(Spec):
    """How often a failed run is tried again on another cluster, where that can help; 0 is never."""

    attempts: Annotated[int, Field(strict=True, ge=0, le=MAX_ATTEMPTS)] = 2


class Job(Spec):
    """A job's spec.

    Attributes
    ----------
    submission
        How EMR gets the steps: ``pipelined`` all at once, to run one after the other; ``stepwise`` each when those it
        needs are done. Without it, pipelined unless ``needs`` lets steps run at the same time.
    scaling
        ``managed``, which leaves it to EMR within the limits of the plan, or the name of a scaling spec.
    job_class
        ``class`` in the file: what kind of work it is, for a job without past runs.
    """

    name: Name
    description: Line
    cluster: Name
    input: Annotated[str, AfterValidator(_input)]
    triggers: tuple[Trigger, ...] = ()
    steps: Annotated[tuple[Step, ...], AfterValidator(not_empty)]
    submission: Submission | None = None
    scaling: Name = MANAGED
    job_class: JobClass | None = Field(default=None, alias="class")
    limits: Limits
    size: SizeGoal = SizeGoal()
    on_failure: OnFailure = OnFailure()

    @property
    def waves(self) -> tuple[tuple[Step, ...], ...]:
        """The steps in the order in which EMR gets them; those of one wave run at the same time.

        Stepwise, a wave has the steps whose longest chain of needs is equally long; pipelined, each step is one.
        """
        return tuple((step,) for step in self.steps) if self.submission == "pipelined" else _waves(self.steps)

    @property
    def is_pipelined(self) -> bool:
        """Whether EMR gets all steps at once."""
        return self.submission == "pipelined" or (self.submission is None and self.step_concurrency == 1)

    @property
    def step_concurrency(self) -> int:
        """How many steps run at the same time, at most."""
        return max(len(wave) for wave in self.waves)

    def needs_of(self, step: str) -> frozenset[str]:
        """Return the steps that a step needs, and those that they need in turn."""
        numbers = {each.name: number for number, each in enumerate(self.steps)}
        needed: set[str] = set()
        left = [step]
        while left:
            more = _needs(self.steps, numbers[left.pop()]) - needed
            needed |= more
            left += more
        return frozenset(needed)

    def max_lifetime(self, cluster: Cluster) -> int:
        """Return the seconds after which a cluster of this job is ended even if its run still goes on."""
        timeouts = cluster.start_timeout + sum(step.timeout for step in self.steps) + cluster.terminate_timeout
        return self.limits.max_lifetime or timeouts


def _needs(steps: Sequence[Step], number: int) -> set[str]:
    needs = steps[number].needs
    return {step.name for step in steps[max(number - 1, 0) : number]} if needs is None else set(needs)


def _waves(steps: Sequence[Step]) -> tuple[tuple[Step, ...], ...]:
    depth: dict[str, int] = {}
    waves: list[list[Step]] = []
    for number, step in enumerate(steps):
        depth[step.name] = 1 + max((depth.get(name, -1) for name in _needs(steps, number)), default=-1)
        waves += [[]] * (depth[step.name] - len(waves) + 1)
        waves[depth[step.name]] = [*waves[depth[step.name]], step]
    return tuple(tuple(wave) for wave in waves)
