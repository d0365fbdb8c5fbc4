"""The input that a run of a job was asked for."""

from dataclasses import replace

from lambdas.inputs.request import CreatedAs, Request, parse_request
from lambdas.specs.job import Job
from lambdas.specs.placeholders import DATA_BUCKET, substitute


def asked_input(document: object, job: Job, data_bucket: str, *, is_again: bool) -> Request:
    """Return what an execution of a job's machine reads.

    Parameters
    ----------
    document
        The execution's input, but of no replay.
    is_again
        Whether it has been read before. An event tells what was there then; a replay reads, and compares with that,
        what is there now.

    Raises
    ------
    RejectionError
        The document has another form.
    """
    request = parse_request(document, substitute(job.input, {DATA_BUCKET: data_bucket}), _created_as(job))
    if is_again and request.created:
        return replace(request, created=None, inputs=(request.created.uri,))
    return request


def _created_as(job: Job) -> list[tuple[str, str, CreatedAs]]:
    """Return where the objects of the job's triggers lie, how they end, and what they are."""
    below = job.input.removeprefix("s3://").partition("/")[2]
    created = [trigger.object_created for trigger in job.triggers if trigger.object_created is not None]
    return [(f"{below}{each.prefix}", each.suffix, each.input) for each in created]
