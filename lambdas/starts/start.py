"""Start an execution, once."""

from typing import TYPE_CHECKING

from lambdas.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


def start_execution(client: "SFNClient", settings: Settings, job: str, name: str, document: str) -> bool:
    """Start an execution, and say ``False`` if there has been one of its name.

    Step Functions takes the same name and input again while the execution runs, and for 90 days no name of one that has
    ended. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

    Parameters
    ----------
    client
        Step Functions.
    settings
        The deployment.
    job
        Whose machine.
    name, document
        The execution's name and input.
    """
    try:
        client.start_execution(stateMachineArn=settings.machine_arn(job), name=name, input=document)
    except client.exceptions.ExecutionAlreadyExists:
        return False
    return True
