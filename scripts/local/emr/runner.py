"""What executes a step: the seam between the engine and real Spark, or a script of durations and failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from scripts.local.emr.clock import Cancel, Clock
from scripts.local.emr.load import Load

DEFAULT_STEP_SECONDS = 120.0
"""How long a step takes that no script mentions. Our choice."""

LOG_SECONDS = 300.0
"""From the end of a step to its log in S3: "every 5 minutes",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-web-log-files.html."""

Shipping = Callable[[dict[str, Any], dict[str, Any], str], None]
"""Gets cluster, step and the text of the step's stderr."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How a step ended.

    Attributes
    ----------
    succeeded
        Whether it is COMPLETED rather than FAILED.
    reason, message, log_file
        `FailureDetails` of a failed step, as far as known. API reference, FailureDetails:
        https://docs.aws.amazon.com/emr/latest/APIReference/API_FailureDetails.html
    """

    succeeded: bool
    reason: str | None = None
    message: str | None = None
    log_file: str | None = None


class StepRunner(Protocol):
    """Executes steps."""

    def start(self, cluster: dict[str, Any], step: dict[str, Any], done: Callable[[StepOutcome], None]) -> Cancel:
        """Start a step and return at once.

        Parameters
        ----------
        cluster, step
            As under `Cluster` and `Step` in the answers of DescribeCluster and DescribeStep.
        done
            To be called once, from any thread. It has no effect any more after the step was cancelled.

        Returns
        -------
        Cancel
            Stops the execution as well as it can.
        """

    def load(self, step: dict[str, Any]) -> Load:
        """Return the containers a step will want, as far as known; `()` if not.

        Parameters
        ----------
        step
            As under `Step` in the answer of DescribeStep.
        """


@dataclass(frozen=True, slots=True)
class ScriptedStep:
    """A step that takes `seconds` of virtual time and ends in `outcome`, with `log` in its stderr.

    With a `load` it succeeds when its seconds are over and its load is worked off.
    """

    seconds: float
    outcome: StepOutcome = field(default_factory=lambda: StepOutcome(succeeded=True))
    log: str = ""
    load: Load = ()


Script = Mapping[str, ScriptedStep] | Callable[[dict[str, Any]], ScriptedStep | None]
"""What steps do: by name, or computed from the step as DescribeStep shows it."""


class ScriptedRunner:
    """Executes nothing: every step ends as its script says, on the clock.

    Parameters
    ----------
    clock
        The engine's clock.
    script
        What each step does. A step it does not know succeeds after `seconds`.
    seconds
        Virtual seconds.
    ship
        Takes the log of a step to where it belongs, some minutes after the step has ended.
    """

    def __init__(
        self,
        clock: Clock,
        script: Script | None = None,
        seconds: float = DEFAULT_STEP_SECONDS,
        ship: Shipping | None = None,
    ) -> None:
        self._clock = clock
        self._ship = ship
        self._script: Script = {} if script is None else script
        self._otherwise = ScriptedStep(seconds)
        # A script may count how often it is asked, so it is asked once a step.
        self._asked: dict[str, ScriptedStep] = {}

    def load(self, step: dict[str, Any]) -> Load:
        """Return the load of the step's script."""
        scripted = self._asked[step["Id"]] = self._scripted(step)
        return scripted.load

    def start(self, cluster: dict[str, Any], step: dict[str, Any], done: Callable[[StepOutcome], None]) -> Cancel:
        """Schedule the end of the step."""
        scripted = self._asked.pop(step["Id"], None) or self._scripted(step)

        def end() -> None:
            done(scripted.outcome)
            ship = self._ship
            if ship and scripted.log:
                self._clock.call_at(self._clock.now() + LOG_SECONDS, lambda: ship(cluster, step, scripted.log))

        return self._clock.call_at(self._clock.now() + scripted.seconds, end)

    def _scripted(self, step: dict[str, Any]) -> ScriptedStep:
        found = self._script(step) if callable(self._script) else self._script.get(step["Name"])
        return found or self._otherwise
