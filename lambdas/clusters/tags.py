"""The tags by which the project knows its clusters."""

EXECUTION_TAG = "slow-lambda:execution"
"""The ARN of the execution the cluster works for."""
JOB_TAG = "slow-lambda:job"
STAGE_TAG = "slow-lambda:stage"
LIFETIME_TAG = "slow-lambda:max-lifetime"
"""How old the cluster may become, in whole seconds."""
