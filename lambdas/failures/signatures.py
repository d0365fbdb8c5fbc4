"""All signatures, and which failures follow from which."""

from collections.abc import Mapping
from types import MappingProxyType

from lambdas.failures import (
    signatures_application,
    signatures_cluster,
    signatures_memory,
    signatures_runtime,
    signatures_storage,
)
from lambdas.failures.classes import FailureClass as F
from lambdas.failures.signatures_base import Signature

SIGNATURES: tuple[Signature, ...] = (
    *signatures_memory.SIGNATURES,
    *signatures_storage.SIGNATURES,
    *signatures_cluster.SIGNATURES,
    *signatures_runtime.SIGNATURES,
    *signatures_application.SIGNATURES,
)

# What a failure brings with it: an executor that ran out of memory is lost, its shuffle files are missing, the second
# attempt meets the first one's output, and the context is shut down. The cause is named, not its train.
EXPLAINS: Mapping[F, frozenset[F]] = MappingProxyType(
    {
        F.EXECUTOR_OUT_OF_MEMORY: frozenset({F.NODE_LOST_OR_SPOT, F.TIMEOUT, F.CANCELLED_OR_KILLED, F.OUTPUT_EXISTS}),
        F.DRIVER_OUT_OF_MEMORY: frozenset({F.NODE_LOST_OR_SPOT, F.TIMEOUT, F.CANCELLED_OR_KILLED}),
        F.DISK_FULL: frozenset({F.NODE_LOST_OR_SPOT, F.TIMEOUT, F.CANCELLED_OR_KILLED, F.OUTPUT_EXISTS}),
        F.NODE_LOST_OR_SPOT: frozenset({F.TIMEOUT, F.CANCELLED_OR_KILLED, F.OUTPUT_EXISTS}),
        F.CAPACITY_SHORTAGE: frozenset({F.VALIDATION, F.TIMEOUT, F.CANCELLED_OR_KILLED, F.NODE_LOST_OR_SPOT}),
        F.BOOTSTRAP_FAILURE: frozenset(F) - {F.BOOTSTRAP_FAILURE, F.CAPACITY_SHORTAGE},
        F.S3_THROTTLED: frozenset({F.TIMEOUT, F.CANCELLED_OR_KILLED, F.OUTPUT_EXISTS}),
        F.S3_DENIED: frozenset({F.INPUT_MISSING, F.CANCELLED_OR_KILLED}),
        F.INPUT_MISSING: frozenset({F.CANCELLED_OR_KILLED}),
        F.OUTPUT_EXISTS: frozenset({F.CANCELLED_OR_KILLED}),
        F.APPLICATION_ERROR: frozenset({F.CANCELLED_OR_KILLED}),
        F.VALIDATION: frozenset({F.CANCELLED_OR_KILLED, F.NODE_LOST_OR_SPOT}),
        F.CANCELLED_OR_KILLED: frozenset({F.TIMEOUT}),
        F.TIMEOUT: frozenset({F.CANCELLED_OR_KILLED}),
    }
)
