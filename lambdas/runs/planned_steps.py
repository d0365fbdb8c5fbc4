"""The steps of a run as a plan holds them: their arguments, and where they write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambdas.history.event_log import step_settings
from lambdas.inputs.errors import SeveralInputsError
from lambdas.runs.errors import StepTooLongError
from lambdas.runs.plan import PlannedStep
from lambdas.settings import Settings
from lambdas.specs.job import Job
from lambdas.specs.outputs import output_values, outputs_of
from lambdas.specs.placeholders import INPUT, has_input, is_input, substitute

# All strings of a step's HadoopJarStep together.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_HadoopJarStepConfig.html
MAX_STEP_CHARACTERS = 10_240
_RUNNER = "command-runner.jar"


@dataclass(frozen=True)
class RunValues:
    """What the steps of a run have in common.

    Attributes
    ----------
    run, inputs, manifest
        Its name, the addresses it reads, and that of its manifest.
    settings
        The deployment.
    code
        The prefix of the job's code in the code bucket.
    """

    run: str
    inputs: tuple[str, ...]
    manifest: str
    settings: Settings
    code: str


def planned_steps(job: Job, run: RunValues, kept: Mapping[str, Sequence[str]]) -> list[PlannedStep]:
    """Return the steps of a job with their arguments filled in.

    Parameters
    ----------
    job, run
        What is run.
    kept
        Where the steps that a replay takes over have written, by their names; the steps that run read it there.

    Raises
    ------
    StepTooLongError, SeveralInputsError
        EMR would refuse a step, or an argument cannot be filled in.
    """
    settings = run.settings
    values = {"data_bucket": settings.data_bucket, "manifest": run.manifest, "run_id": run.run}
    own = outputs_of(job, values)
    steps = []
    for step in job.steps:
        # A step that is kept would write to a place of its own, should it run all the same.
        known = {**values, **output_values(step.name, {**own, **kept, step.name: own[step.name]})}
        arguments = [each for arg in step.args for each in _arguments(arg, run.inputs, known, step.name)]
        script = f"s3://{settings.code_bucket}/{run.code}{step.script}"
        args = ["spark-submit", "--deploy-mode", "cluster", *step_settings(step.name), script, *arguments]
        _check_length(step.name, args)
        steps.append(PlannedStep(name=step.name, args=args, outputs=list(kept.get(step.name, own[step.name]))))
    return steps


def _check_length(step: str, args: Sequence[str]) -> None:
    characters = len(_RUNNER) + sum(map(len, args))
    if characters > MAX_STEP_CHARACTERS:
        raise StepTooLongError(
            f"the arguments of step {step!r} have {characters:,} characters; EMR takes {MAX_STEP_CHARACTERS:,}"
            "; put long values in a file in S3 and pass its address, as << manifest >> is that of a file with all "
            "inputs and their objects"
        )


def _arguments(arg: str, inputs: Sequence[str], values: Mapping[str, str], step: str) -> list[str]:
    if is_input(arg):
        return list(inputs)
    if has_input(arg) and len(inputs) > 1:
        raise SeveralInputsError(
            f"the argument {arg!r} of step {step!r} holds one input, and the run has {len(inputs):,}; make << input >> "
            "an argument of its own, which becomes one for each, or pass << manifest >>"
        )
    return [substitute(arg, {**values, INPUT: inputs[0]})]
