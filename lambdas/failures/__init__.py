"""What failed, in words."""

from lambdas.failures.describe import Failure, StateFailure, describe_failure

__all__ = ["Failure", "StateFailure", "describe_failure"]
