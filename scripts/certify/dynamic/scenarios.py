"""The paths through a job's machine, each brought about by its steps, by EMR or by its input."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.local.emr.faults import ApiFault, BootstrapFailure, CapacityShortage, Faults, SlowProvisioning
from scripts.local.emr.runner import Script, ScriptedStep, StepOutcome
from scripts.local.in_process import DATA_BUCKET

FOR_EVER = 1e9
"""Virtual seconds; longer than anything waits."""

_STEP_SECONDS = 90.0
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
        What the steps do, by position; a failure happens only in the first ``failures`` attempts.
    failures
        How many steps fail in all.
    faults
        What goes wrong in EMR; a function, for the engine counts them down.
    document
        The execution's input.
    undone
        Which step Step Functions takes as done though EMR never got it, by position.
    idles
        Whether the cluster comes to wait without a step when nobody looks after it, so that EMR can end it.
    """

    name: str
    succeeds: bool = False
    steps: tuple[ScriptedStep | None, ...] = ()
    failures: int = 1_000
    faults: Callable[[], Faults] = Faults
    document: dict[str, Any] = field(default_factory=dict)
    undone: int | None = None
    idles: bool = True

    def script(self, names: list[str]) -> Script:
        """Return what the steps of a job do, given their names in order."""
        by_name = {name: step for name, step in zip(names, self.steps, strict=False) if step}
        left = self.failures

        def script(step: dict[str, Any]) -> ScriptedStep | None:
            nonlocal left
            found = by_name.get(step["Name"])
            if found and left:
                left -= 1
                return found
            return None

        return script


_FAILING = ScriptedStep(_STEP_SECONDS, _FAILED, _APPLICATION_LOG)
_SHORT_OF_MEMORY = ScriptedStep(_STEP_SECONDS, _FAILED, _MEMORY_LOG)

# In the order in which states are assigned to them: a state is tried on the first path that enters it.
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("success", succeeds=True),
        Scenario("step-hangs", steps=(ScriptedStep(FOR_EVER),)),
        Scenario(
            "create-refused",
            succeeds=True,  # although the cluster was made: nobody knows its id
            faults=lambda: Faults(api=[ApiFault("RunJobFlow", accepted=True)]),
        ),
        Scenario("out-of-memory", succeeds=True, steps=(None, _SHORT_OF_MEMORY), failures=1),
        Scenario("step-fails", steps=(_FAILING,)),
        Scenario("last-step-fails", steps=(None, _FAILING)),
        Scenario("memory-never-enough", steps=(_SHORT_OF_MEMORY,)),
        Scenario(
            "terminate-refused",
            succeeds=True,
            faults=lambda: Faults(api=[ApiFault("TerminateJobFlows", calls=_TERMINATE_ATTEMPTS)]),
        ),
        Scenario("step-undone", undone=0),
        Scenario("bootstrap-fails", faults=lambda: Faults(bootstrap=[BootstrapFailure()])),
        Scenario("no-capacity", faults=lambda: Faults(shortages=[CapacityShortage()])),
        Scenario("never-ready", faults=lambda: Faults(provisioning=[SlowProvisioning(FOR_EVER)]), idles=False),
        Scenario("refused", document={"input": f"s3://{DATA_BUCKET}/nothing/"}),
    )
}
