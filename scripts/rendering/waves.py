"""What the template says of the steps of a job: names of states, and conditions on what is done."""

from collections.abc import Sequence

from lambdas.specs import Job
from lambdas.specs.job import Step

# Of a state's name: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_STATE_NAME = 80

# Seconds between two looks at the queue of steps, and how many there are: the call beside it takes a second or two.
GLANCE_SECONDS = 5
MAX_GLANCES = 12

# AddJobFlowSteps takes 10 calls at once and then one every two seconds, in a whole account; two are left to others.
# https://docs.aws.amazon.com/general/latest/gr/emr.html
UNPACED_STEPS = 8
PACE_SECONDS = 2


def entry_state(job: Job, wave: Sequence[Step]) -> str:
    """Return the name of the state in which a wave of steps begins."""
    number = job.waves.index(tuple(wave)) + 1
    names = [step.name for step in wave]
    if number == len(job.waves):
        return _shortened("Finish with", names, number)
    if len(wave) > 1:
        return _shortened("Run", names, number)
    if not job.is_pipelined:
        return f"Run step {names[0]}"
    return f"Pause before step {names[0]}" if number > UNPACED_STEPS else f"Add step {names[0]}"


def all_in(steps: Sequence[Step], names: str) -> str:
    """Return the JSONata condition that every step's name is in an array.

    Parameters
    ----------
    steps
        The steps.
    names
        The array, as JSONata.
    """
    return " and ".join(f"'{step.name}' in {names}" for step in steps)


def last_timeout(job: Job) -> int:
    """Return the seconds within which the last step must end: pipelined, it waits for all steps before it."""
    return sum(step.timeout for step in job.steps)


def _shortened(verb: str, names: Sequence[str], number: int) -> str:
    name = f"{verb} {'step' if len(names) == 1 else 'steps'} {' and '.join(names)}"
    return name if len(name) <= MAX_STATE_NAME else f"{verb} the {len(names)} steps of wave {number}"
