"""The kinds of values specs are made of, each saying what it expects."""

import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

# Room for "Run step <name>" within a state's name and "slow-lambda-<stage>-<job>" within a machine's: 80 characters.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_NAME = 40

# https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
MAX_TASK_TIMEOUT_SECONDS = 99_999_999

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html
MIN_IDLE_TIMEOUT_SECONDS = 60
MAX_IDLE_TIMEOUT_SECONDS = 604_800

# https://docs.aws.amazon.com/emr/latest/APIReference/API_SpotProvisioningSpecification.html
MIN_SPOT_TIMEOUT_SECONDS = 5 * 60
MAX_SPOT_TIMEOUT_SECONDS = 1_440 * 60

Item = TypeVar("Item")

NAME = re.compile(r"[a-z][a-z0-9-]*")
_DURATION = re.compile(r"([1-9][0-9]*)([smh])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
_RELEASE = re.compile(r"emr-(spark-)?[0-9]+\.[0-9]+\.[0-9]+")
_SCRIPT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.py")


class Spec(BaseModel):
    """The base of every spec model: immutable, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def expected(text: str) -> PydanticCustomError:
    """Return the error of a value that should have been something else."""
    return PydanticCustomError("expected", "{expected}", {"expected": text})


def is_name(text: str) -> bool:
    """Whether a text can name a job, a step or a cluster."""
    return len(text) <= MAX_NAME and NAME.fullmatch(text) is not None


def _name(text: str) -> str:
    if not is_name(text):
        raise expected(f"a name of at most {MAX_NAME} lower-case letters, digits and hyphens that starts with a letter")
    return text


def parse_duration(value: object) -> int:
    """Read ``90s``, ``30m`` or ``2h`` as seconds."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise expected("a duration with its unit, such as 90s, 30m or 2h")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def _between(low: int, high: int, words: str) -> Callable[[int], int]:
    def check(seconds: int) -> int:
        if not low <= seconds <= high:
            raise expected(f"a duration {words}")
        return seconds

    return check


def _matching(pattern: re.Pattern[str], words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise expected(words)
        return text

    return check


def not_empty(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Refuse an empty list; unlike pydantic's own rule, not when all its items are wrong."""
    if not items:
        raise expected("at least one item")
    return items


def _one_line(text: str) -> str:
    if not text.strip() or len(text.splitlines()) > 1:
        raise expected("one line of text")
    return text


Name = Annotated[str, AfterValidator(_name)]
Line = Annotated[str, AfterValidator(_one_line)]
Count = Annotated[int, Field(strict=True, ge=1)]
Duration = Annotated[
    int, BeforeValidator(parse_duration), AfterValidator(_between(1, MAX_TASK_TIMEOUT_SECONDS, "of at most 27777h"))
]
IdleTimeout = Annotated[
    int,
    BeforeValidator(parse_duration),
    AfterValidator(_between(MIN_IDLE_TIMEOUT_SECONDS, MAX_IDLE_TIMEOUT_SECONDS, "from 60s to 168h")),
]
SpotTimeout = Annotated[
    int,
    BeforeValidator(parse_duration),
    AfterValidator(_between(MIN_SPOT_TIMEOUT_SECONDS, MAX_SPOT_TIMEOUT_SECONDS, "from 5m to 24h")),
]
ReleaseLabel = Annotated[
    str, AfterValidator(_matching(_RELEASE, "an EMR release label, such as emr-7.14.0 or emr-spark-8.1.0"))
]
Version = Annotated[str, AfterValidator(_matching(re.compile(r"[0-9]+\.[0-9]+\.[0-9]+"), "a version such as 3.5.8"))]
Script = Annotated[str, AfterValidator(_matching(_SCRIPT, "the name of a .py file beside job.yml, such as clean.py"))]
