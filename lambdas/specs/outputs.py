"""Where the steps of a run write, and how their arguments name it."""

from collections.abc import Mapping, Sequence

from lambdas.specs.job import Job
from lambdas.specs.placeholders import OUTPUT, substitute


def outputs_of(job: Job, values: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the outputs of every step of a job, none for a step that declares none.

    Parameters
    ----------
    values
        ``data_bucket`` and ``run_id``.
    """
    return {step.name: tuple(substitute(output, values) for output in step.output) for step in job.steps}


def output_values(step: str, outputs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what ``<< output >>`` and ``<< output.<step> >>`` stand for in a step's arguments, for ``substitute``.

    Parameters
    ----------
    step
        Whose arguments they are.
    outputs
        Of every step, by its name; those with one output can be named. A replay gives for a step that it does not run
        again where the earlier run wrote.
    """
    single = {name: addresses[0] for name, addresses in outputs.items() if len(addresses) == 1}
    named = {f"{OUTPUT}.{name}": address for name, address in single.items()}
    return {**named, OUTPUT: single[step]} if step in single else named
