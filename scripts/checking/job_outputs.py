"""The rules about the outputs that steps declare: what a replay can rely on."""

from collections.abc import Iterator

from lambdas.specs.placeholders import DATA_BUCKET, RUN_ID
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs
from scripts.checking.step_places import argument_places, declared_places, holds

_DATA = f"s3://${{{DATA_BUCKET}}}/"
_IDEMPOTENT = (
    "https://docs.aws.amazon.com/wellarchitected/latest/framework/rel_prevent_interaction_failure_idempotent.html"
)


def _without_output(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        for number, step in enumerate(job.steps):
            if not step.output:
                yield specs.of_job(job.name, "steps", number), f"step {step.name!r} declares no output"


def _undeclared(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job in specs.jobs.values():
        order = [step.name for step in job.steps]
        declared = declared_places(job)
        for each in argument_places(job):
            is_of_run = each.address.startswith(_DATA) and holds(each.address, RUN_ID)
            if not each.step.output or not is_of_run:
                continue
            until_then = [own for own in declared if order.index(own.step.name) <= order.index(each.step.name)]
            if not any(each.lies_in(own) for own in until_then):
                yield (
                    specs.of_job(job.name, *each.key),
                    f"{each.address} of step {each.step.name!r} lies in no output that it or an earlier step declares",
                )


OUTPUT_RULES = (
    Rule(
        id="step-without-output",
        severity="note",
        why="Nothing proves that the step is done: a replay runs it again, and with it all that need it.",
        fix="Declare where it writes: output: s3://${data_bucket}/clean/<< run_id >>/.",
        link=_IDEMPOTENT,
        find=_without_output,
    ),
    Rule(
        id="output-not-declared",
        severity="note",
        why="What lies there is no part of what proves the step done, and where a replay keeps the step, its own "
        "folder there stays empty.",
        fix="Add it to 'output' of the step that writes it, and let others name it << output.clean >>.",
        link=_IDEMPOTENT,
        find=_undeclared,
    ),
)
