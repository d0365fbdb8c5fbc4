"""Which places in storage a step names, as its outputs and in its arguments, and what it does there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lambdas.specs import Job, Step
from lambdas.specs.document import Key
from lambdas.specs.output_checks import declared_outputs
from lambdas.specs.outputs import output_values
from lambdas.specs.placeholders import INPUT, RUN_ID, fill_in_outputs, named_outputs

# What scripts call the option that says where they write.
_WRITES = re.compile(r"(^|[-_])(out|output|outputs|target|dest|destination|sink|write)($|[-_])")
_ADDRESS = re.compile(r"(?P<scheme>s3|s3a|s3n|hdfs|file)://(?P<rest>.*)")
_PLACEHOLDER = re.compile(r"<<\s*(\w+)\s*>>")


@dataclass(frozen=True)
class Named:
    """A place a step names.

    Attributes
    ----------
    key
        Where in the job's file it stands.
    address
        As it is written, ``s3://${data_bucket}/clean/<< run_id >>/``, with outputs filled in.
    is_output
        Whether the step writes there: it is declared so, or its option says so.
    """

    step: Step
    key: Key
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
        return self.lies_in(other) or other.lies_in(self)

    def lies_in(self, other: "Named") -> bool:
        """Whether it is another place, or below it."""
        return self.path.startswith(other.path)


def named_places(job: Job) -> Iterator[Named]:
    """Yield the places the steps of a job name; an output that is declared and also an argument, once."""
    declared = declared_places(job)
    yield from declared
    for each in argument_places(job):
        if not (each.is_output and any(each.lies_in(own) for own in declared if own.step is each.step)):
            yield each


def declared_places(job: Job) -> list[Named]:
    """Return the outputs that a job's steps declare."""
    return [Named(step, key, address, is_output=True) for key, step, address in declared_outputs(job)]


def argument_places(job: Job) -> Iterator[Named]:
    """Yield the places the arguments of a job's steps name."""
    outputs = {step.name: step.output for step in job.steps}
    for number, step in enumerate(job.steps):
        known = output_values(step.name, outputs)
        option = ""
        for place, arg in enumerate(step.args):
            name, _, value = arg.partition("=") if arg.startswith("--") else (option, "", arg)
            address = fill_in_outputs(value, known)
            if _ADDRESS.fullmatch(address):
                is_written = None in named_outputs(value) or _WRITES.search(name.lower().lstrip("-")) is not None
                yield Named(step, ("steps", number, "args", place), address, is_output=is_written)
            if arg.startswith("-"):
                option = arg


def outputs(job: Job) -> list[Named]:
    """Return the places a job writes to."""
    return [each for each in named_places(job) if each.is_output]


def holds(text: str, placeholder: str) -> bool:
    """Whether a placeholder of a run stands in a text."""
    return placeholder in _PLACEHOLDER.findall(text)
