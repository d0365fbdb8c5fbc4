"""Say what failed, for the person who reads it in the console: the Error and Cause of an execution that fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.failures.classes import FailureClass
from lambdas.failures.mask import mask_secrets

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
MAX_ERROR_CHARACTERS = 256
MAX_CAUSE_BYTES = 32_768

LOG_LINES = 15
_LINE_CHARACTERS = 300

_HAPPENED = {
    FailureClass.EXECUTOR_OUT_OF_MEMORY: "An executor ran out of memory",
    FailureClass.DRIVER_OUT_OF_MEMORY: "The driver ran out of memory",
    FailureClass.DISK_FULL: "A disk of the cluster was full",
    FailureClass.NODE_LOST_OR_SPOT: "Nodes of the cluster were lost",
    FailureClass.CAPACITY_SHORTAGE: "EC2 had no capacity for the cluster",
    FailureClass.BOOTSTRAP_FAILURE: "A bootstrap action failed",
    FailureClass.S3_THROTTLED: "S3 refused requests because there were too many",
    FailureClass.S3_DENIED: "S3 denied access",
    FailureClass.INPUT_MISSING: "Something that was to be read does not exist",
    FailureClass.OUTPUT_EXISTS: "The output exists already",
    FailureClass.APPLICATION_ERROR: "The job's own code failed",
    FailureClass.VALIDATION: "AWS refused the request as invalid",
    FailureClass.API_THROTTLED: "AWS refused calls because there were too many",
    FailureClass.CANCELLED_OR_KILLED: "The work was cancelled",
    FailureClass.TIMEOUT: "A timeout passed",
    FailureClass.UNKNOWN: "It failed, and neither EMR nor the logs say why",
}

_ADVICE = {
    FailureClass.EXECUTOR_OUT_OF_MEMORY: "Let the step hold less at once (more partitions, no wide collect_list, no "
    "skewed join), or allow families with more memory in the cluster spec.",
    FailureClass.DRIVER_OUT_OF_MEMORY: "Collect less to the driver (write instead of collect, smaller broadcasts), or "
    "allow families with more memory in the cluster spec.",
    FailureClass.DISK_FULL: "Spill and shuffle need more disk: give the cluster more nodes (limits.max_nodes), or "
    "types with more storage.",
    FailureClass.NODE_LOST_OR_SPOT: "Start the run again; when spot is taken away often, set task_market: on_demand.",
    FailureClass.CAPACITY_SHORTAGE: "Start the run again later, or allow more families and subnets in other zones.",
    FailureClass.BOOTSTRAP_FAILURE: "Read the bootstrap action's log, correct the script, start the run again.",
    FailureClass.S3_THROTTLED: "Spread keys over more prefixes or use fewer, larger files; then start the run again.",
    FailureClass.S3_DENIED: "Allow it to the cluster's instance profile (bucket policy and KMS key too), start again.",
    FailureClass.INPUT_MISSING: "Check the address and that whoever writes it has finished; then start the run again.",
    FailureClass.OUTPUT_EXISTS: "Write to a folder of the run (<< run_id >>) or with mode overwrite; start again.",
    FailureClass.APPLICATION_ERROR: "Correct the job's code or its input, deploy, and start the run again.",
    FailureClass.VALIDATION: "Correct what the message names in the job or cluster spec, deploy, start again.",
    FailureClass.API_THROTTLED: "Start the run again, at a time when fewer run; or ask for a higher EMR API quota.",
    FailureClass.CANCELLED_OR_KILLED: "Find out who cancelled it, then start the run again.",
    FailureClass.TIMEOUT: "Find out in the log why it took so long, or raise the timeout.",
    FailureClass.UNKNOWN: "Read the full log.",
}


@dataclass(frozen=True)
class Explanation:
    """A failure's name, at most 256 characters, and its cause in words, at most 32 KiB."""

    error: str
    cause: str


def explain(
    failure: FailureClass,
    where: str,
    *,
    evidence: Sequence[str] = (),
    log_tail: str = "",
    log_address: str | None = None,
    notes: Sequence[str] = (),
    run: str,
) -> Explanation:
    """Say what happened, in which step, what the log says, where it is, what to do.

    Parameters
    ----------
    failure
        The class.
    where
        In which step, on which cluster, in which attempt: one line.
    evidence
        The lines that led to the class.
    log_tail
        The end of the most telling log; its last lines are shown.
    log_address
        Where that log is.
    notes
        More lines to tell: earlier attempts, a cluster that still lives.
    run
        The run's name, for the command that starts it again.
    """
    parts = [f"{_HAPPENED[failure]}: {where}", *notes]
    if evidence:
        parts += ["", "Why:", *(f"  {line}" for line in evidence)]
    last = _last_lines(log_tail)
    if last:
        parts += ["", "The end of the log:", *(f"  {line}" for line in last)]
    if log_address:
        parts += ["", f"Full log: {log_address}"]
    closing = f"{_ADVICE[failure]}\nTo run it again: slow-lambda replay {run}"
    return explanation(failure.error, "\n".join(parts), closing)


def explanation(error: str, text: str, closing: str) -> Explanation:
    """Return an explanation within Step Functions' limits, secrets masked; ``closing`` is never cut off."""
    room = MAX_CAUSE_BYTES - len(closing.encode()) - len("\n\n")
    kept = mask_secrets(text).encode()[:room].decode("utf-8", "ignore")
    return Explanation(error[:MAX_ERROR_CHARACTERS], f"{kept}\n\n{closing}")


def _last_lines(tail: str) -> list[str]:
    # Masked before it is cut: half a key is no longer known for one.
    lines = [line.rstrip() for line in mask_secrets(tail).splitlines() if line.strip()]
    return [line[:_LINE_CHARACTERS] for line in lines[-LOG_LINES:]]
