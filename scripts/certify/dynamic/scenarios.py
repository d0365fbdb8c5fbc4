"""The paths through a job's machine, each brought about by its steps, by EMR or by its input."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.local.emr.faults import ApiFault, BootstrapFailure, CapacityShortage, Faults, SlowProvisioning
from scripts.local.emr.runner import Script, ScriptedStep, StepOutcome
from scripts.local.in_process import DATA_BUCKET
from scripts.rendering.waves import GLANCE_SECONDS

FOR_EVER = 1e9
"""Virtual seconds; longer than anything waits."""

_STEP_SECONDS = 90.0
_EVERY_CALL = 1_000
_TERMINATE_ATTEMPTS = 6  # of the machine's own state, which retries five times
_APPLICATION_LOG = """\
26/01/01 00:12:31 INFO SparkContext: Running Spark version 3.5.8-amzn-0
Traceback (most recent call last):
  File "clean.py", line 41, in <module>
    main()
ValueError: could not convert string to float: 'n/a'
"""
_MEMORY_LOG = """\
26/01/01 00:12:31 WARN YarnSchedulerBackend$YarnSchedulerEndpoint: Requesting driver to remove executor 3 for reason \
Container killed by YARN for exceeding memory limits. 11.3 GB of 11 GB physical memory used. Consider boosting \
spark.executor.memoryOverhead.
26/01/01 00:12:31 ERROR YarnScheduler: Lost executor 3 on ip-10-0-0-7.ec2.internal: Container killed by YARN for \
exceeding memory limits. 11.3 GB of 11 GB physical memory used. Consider boosting spark.executor.memoryOverhead.
Exception in thread "main" org.apache.spark.SparkException: Job aborted due to stage failure: Task 7 in stage 3.0 \
failed 4 times, most recent failure: Lost task 7.3 in stage 3.0 (TID 91) (ip-10-0-0-7.ec2.internal executor 3): \
ExecutorLostFailure (executor 3 exited caused by one of the running tasks) Reason: Container killed by YARN for \
exceeding memory limits. 11.3 GB of 11 GB physical memory used. Consider boosting spark.executor.memoryOverhead.
"""
_FAILED = StepOutcome(succeeded=False, reason="Unknown Error.", message="Exit status 1")


@dataclass(frozen=True)
class Scenario:
    """One way a run goes when nothing is done to its execution.

    Attributes
    ----------
    name
        Part of a case's id.
    succeeds
        Whether the run does; its failure is diagnosed otherwise.
    steps
        What the steps do, by position, -1 being the last; a failure happens only in the first ``failures`` attempts.
    abreast
        What the steps do that run at the same time, in order.
    others
        What all other steps do.
    failures
        How many steps fail in all.
    blamed
        The position of the step that the failure's cause must name.
    faults
        What goes wrong in EMR; a function, for the engine counts them down.
    document
        The execution's input.
    least_steps
        How many steps a job must have for it.
    is_race
        Whether a step ends while the machine looks for it; only what can meet it then is tried.
    undone
        Which step Step Functions takes as done though EMR never got it, by position.
    idles
        Whether the cluster comes to wait without a step when nobody looks after it, so that EMR can end it.
    """

    name: str
    succeeds: bool = False
    steps: Mapping[int, ScriptedStep] = field(default_factory=dict)
    abreast: tuple[ScriptedStep | None, ...] = ()
    others: ScriptedStep | None = None
    failures: int = 1_000
    blamed: int | None = None
    faults: Callable[[], Faults] = Faults
    document: dict[str, Any] = field(default_factory=dict)
    least_steps: int = 1
    is_race: bool = False
    undone: int | None = None
    idles: bool = True

    def fits(self, names: Sequence[str], abreast: Sequence[str]) -> bool:
        """Say whether a job can have it, given the names of its steps and of those that run at the same time."""
        return len(names) >= self.least_steps and len(abreast) >= len(self.abreast)

    def doing(self, names: Sequence[str], abreast: Sequence[str]) -> dict[str, ScriptedStep]:
        """Return what the steps do that do something of their own, by name."""
        others = {name: self.others for name in names if self.others}
        placed = {names[position]: step for position, step in self.steps.items()}
        beside = {name: step for name, step in zip(abreast, self.abreast, strict=False) if step}
        return {**others, **placed, **beside}

    def script(self, names: Sequence[str], abreast: Sequence[str]) -> Script:
        """Return what the steps of a job do."""
        by_name = self.doing(names, abreast)
        left = self.failures

        def script(step: dict[str, Any]) -> ScriptedStep | None:
            nonlocal left
            found = by_name.get(step["Name"])
            if found is None or found.outcome.succeeded:
                return found
            left -= 1
            return found if left >= 0 else None

        return script


_FAILING = ScriptedStep(_STEP_SECONDS, _FAILED, _APPLICATION_LOG)
_FAILING_AT_ONCE = ScriptedStep(0.0, _FAILED, _APPLICATION_LOG)
_HANGING = ScriptedStep(FOR_EVER)
_LONG = ScriptedStep(10 * _STEP_SECONDS)
_SHORT = ScriptedStep(_STEP_SECONDS / 3)
_SHORT_OF_MEMORY = ScriptedStep(_STEP_SECONDS, _FAILED, _MEMORY_LOG)

_PATHS = (
    Scenario("success", succeeds=True),
    Scenario("step-hangs", steps={0: _HANGING}),
    Scenario(
        "create-refused",
        succeeds=True,  # although the cluster was made: nobody knows its id
        faults=lambda: Faults(api=[ApiFault("RunJobFlow", accepted=True)]),
    ),
    Scenario("out-of-memory", succeeds=True, steps={-1: _SHORT_OF_MEMORY}, failures=1),
    Scenario("step-fails", steps={0: _FAILING}, blamed=0),
    Scenario("last-step-fails", steps={-1: _FAILING}, blamed=-1),
    Scenario("memory-never-enough", steps={0: _SHORT_OF_MEMORY}, blamed=0),
    Scenario("middle-step-fails", steps={1: _FAILING}, blamed=1, least_steps=3),
    Scenario("middle-out-of-memory", succeeds=True, steps={1: _SHORT_OF_MEMORY}, failures=1, least_steps=3),
    Scenario(
        "terminate-refused",
        succeeds=True,
        faults=lambda: Faults(
            api=[
                ApiFault("SetKeepJobFlowAliveWhenNoSteps", _EVERY_CALL),
                ApiFault("TerminateJobFlows", _TERMINATE_ATTEMPTS),
            ]
        ),
    ),
    Scenario("step-undone", undone=0),
    Scenario("bootstrap-fails", faults=lambda: Faults(bootstrap=[BootstrapFailure()])),
    Scenario("no-capacity", faults=lambda: Faults(shortages=[CapacityShortage()])),
    Scenario("never-ready", faults=lambda: Faults(provisioning=[SlowProvisioning(FOR_EVER)]), idles=False),
    Scenario("refused", document={"input": f"s3://{DATA_BUCKET}/nothing/"}),
)
_ABREAST = (
    Scenario("one-of-two-fails", abreast=(_FAILING, _LONG)),
    Scenario("two-of-two-fail", abreast=(_FAILING, _FAILING)),
    Scenario("one-of-two-hangs", abreast=(_SHORT, _HANGING)),
    Scenario("first-of-two-out-of-memory", succeeds=True, abreast=(_SHORT_OF_MEMORY, _SHORT), failures=1),
    Scenario("second-of-two-out-of-memory", succeeds=True, abreast=(_SHORT, _SHORT_OF_MEMORY), failures=1),
)


def _races() -> Iterator[Scenario]:
    """Yield how the last step ends just before the machine looks for it, at that moment, and just after."""
    at_once = ScriptedStep(0.0)
    for when, seconds in {"before": 1.0, "at": float(GLANCE_SECONDS), "after": GLANCE_SECONDS + 0.001}.items():
        done, failed = ScriptedStep(seconds), ScriptedStep(seconds, _FAILED, _APPLICATION_LOG)
        yield Scenario(f"done-{when}-look", succeeds=True, steps={-1: done}, others=at_once, is_race=True)
        yield Scenario(f"fails-{when}-look", steps={-1: failed}, others=at_once, blamed=-1, is_race=True)
    yield Scenario("fails-at-once", steps={0: _FAILING_AT_ONCE}, blamed=0, is_race=True)


SCENARIOS = {scenario.name: scenario for scenario in (*_PATHS, *_ABREAST, *_races())}
"""In the order in which states are assigned to them: a state is tried on the first path that enters it."""
