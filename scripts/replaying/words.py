"""What refusals mean for who replays runs."""

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.inputs.errors import RejectionError
from scripts.deployment import DeploymentError

# About the run at hand, or this moment: the other runs of a bulk go on.
REFUSALS = (BotoCoreError, ClientError, DeploymentError, RejectionError)

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
# https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
_WORDS = {
    "StateMachineDoesNotExist": "the job's state machine does not exist any more; deploy the stage again",
    "StateMachineDeleting": "the job's state machine is being deleted; deploy the stage again",
    "ExecutionLimitExceeded": "the account has as many open executions as Step Functions allows; try again later",
    "AccessDeniedException": "not permitted",
    "ThrottlingException": "refused because the account calls too often; try again in a minute",
    "ProvisionedThroughputExceededException": "refused because the run table is asked too often; try again in a minute",
    "ExpiredTokenException": "the credentials have expired; renew them",
}


def in_words(error: Exception) -> str:
    """Say what failed and what to do, with AWS's own words behind where they add something."""
    if not isinstance(error, ClientError):
        return str(error)
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    known = _WORDS.get(code)
    return f"{known} ({message})" if known and message else known or str(error)
