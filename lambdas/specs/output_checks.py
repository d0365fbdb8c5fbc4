"""Rules about where the steps of a job write: what is named is there, and nobody writes where another does."""

from collections.abc import Iterator
from itertools import combinations

from lambdas.specs.document import Document, Key, describe, dotted
from lambdas.specs.errors import Finding
from lambdas.specs.job import Job, Step
from lambdas.specs.placeholders import OUTPUT, fill_in_outputs, has_run_id, named_outputs


def check_outputs(document: Document, job: Job) -> Iterator[Finding]:
    """Find arguments that name an output that is not there then, and outputs that hold one another or the input.

    Parameters
    ----------
    document
        The job's.
    """
    for number, step in enumerate(job.steps):
        for place, arg in enumerate(step.args):
            for name in named_outputs(arg):
                yield from _check_named(document, job, ("steps", number, "args", place), step, name)
            yield from _check_spelled_out(document, job, ("steps", number, "args", place), step, arg)
    declared = [(_written_at(document, key), address) for key, _, address in declared_outputs(job)]
    for (first_key, first), (key, second) in combinations(declared, 2):
        if _lies_in(first, second) or _lies_in(second, first):
            found = f"{second!r}, and {dotted(first_key)} is {first!r}"
            yield document.finding(key, "a folder apart from all other outputs", found)
    for key, address in declared:
        if _lies_in(job.input, address):
            found = f"{address!r}, which holds {job.input!r}"
            yield document.finding(key, "a folder apart from the input, which a step that replaces it removes", found)


def declared_outputs(job: Job) -> Iterator[tuple[Key, Step, str]]:
    """Yield the outputs of a job: each one's place, as if all were lists, the step that writes it, its address."""
    for number, step in enumerate(job.steps):
        for place, address in enumerate(step.output):
            yield ("steps", number, "output", place), step, address


def _check_named(document: Document, job: Job, key: Key, step: Step, name: str | None) -> Iterator[Finding]:
    steps = {each.name: each for each in job.steps}
    named = step if name is None else steps.get(name)
    written = f"'<< {OUTPUT if name is None else f'{OUTPUT}.{name}'} >>'"
    needed = [each for each in steps if each in job.needs_of(step.name)]
    if named is None:
        yield document.finding(key, f"the output of {_any_of(needed)}", f"{written}, and no step is named {name!r}")
    elif named is not step and named.name not in needed:
        wanted = f"the output of a step that {step.name!r} needs ({_any_of(needed)}), or {name!r} in its 'needs'"
        yield document.finding(key, wanted, written)
    elif len(named.output) != 1:
        count = f"{len(named.output)} of them" if named.output else "no 'output'"
        yield document.finding(key, f"a step with one output; {named.name!r} has {count}", written)


def _written_at(document: Document, key: Key) -> Key:
    """Return the place of an output as it is written: a single one need not be a list."""
    return key if key in document.lines else key[:-1]


def _check_spelled_out(document: Document, job: Job, key: Key, step: Step, arg: str) -> Iterator[Finding]:
    """Find a folder of the run in another step's arguments: a replay may keep what an earlier run has written."""
    text = fill_in_outputs(arg, {})
    for other in job.steps:
        for address in (fill_in_outputs(each, {}) for each in other.output):
            is_there = address in text or text.endswith(address.removesuffix("/"))
            if other is not step and is_there and has_run_id(address):
                yield document.finding(key, _by_name(other), describe(arg))


def _by_name(step: Step) -> str:
    single = "" if len(step.output) == 1 else f", with one 'output' of {step.name!r} that holds all it writes"
    return f"'<< {OUTPUT}.{step.name} >>', because a replay may read what an earlier run wrote{single}"


def _any_of(names: list[str]) -> str:
    return ", ".join(names) or "there is none"


def _lies_in(address: str, folder: str) -> bool:
    return fill_in_outputs(address, {}).startswith(fill_in_outputs(folder, {}))
