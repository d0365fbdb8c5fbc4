"""Which places in storage a step's arguments name, and what the step does there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lambdas.specs import Job, Step
from lambdas.specs.placeholders import INPUT

RUN_ID = "run_id"

# What scripts call the option that says where they write.
_WRITES = re.compile(r"(^|[-_])(out|output|outputs|target|dest|destination|sink|write)($|[-_])")
_ADDRESS = re.compile(r"(?P<scheme>s3|s3a|s3n|hdfs|file)://(?P<rest>.*)")
_PLACEHOLDER = re.compile(r"<<\s*(\w+)\s*>>")


@dataclass(frozen=True)
class Named:
    """A place one argument of a step names.

    Attributes
    ----------
    number
        Which argument it stands in.
    address
        As it is written, ``s3://${data_bucket}/clean/<< run_id >>/``.
    is_output
        Whether the step writes there, as its option says.
    """

    step: Step
    number: int
    address: str
    is_output: bool

    @property
    def scheme(self) -> str:
        """The part before ``://``."""
        return self.address.partition("://")[0]

    @property
    def path(self) -> str:
        """The address without its scheme, with one slash at its end and placeholders written alike."""
        rest = self.address.partition("://")[2].rstrip("/") + "/"
        return _PLACEHOLDER.sub(r"<<\1>>", rest)

    @property
    def is_of_run(self) -> bool:
        """Whether every run has its own."""
        return holds(self.address, RUN_ID) or holds(self.address, INPUT)

    def overlaps(self, other: "Named") -> bool:
        """Whether one of two places is the other or lies in it."""
        return self.path.startswith(other.path) or other.path.startswith(self.path)


def named_places(job: Job) -> Iterator[Named]:
    """Yield the places the arguments of a job's steps name."""
    for step in job.steps:
        option = ""
        for number, arg in enumerate(step.args):
            name, _, value = arg.partition("=") if arg.startswith("--") else (option, "", arg)
            if _ADDRESS.fullmatch(value):
                yield Named(step, number, value, is_output=_WRITES.search(name.lower().lstrip("-")) is not None)
            if arg.startswith("-"):
                option = arg


def outputs(job: Job) -> list[Named]:
    """Return the places a job writes to."""
    return [each for each in named_places(job) if each.is_output]


def holds(text: str, placeholder: str) -> bool:
    """Whether a placeholder of a run stands in a text."""
    return placeholder in _PLACEHOLDER.findall(text)
