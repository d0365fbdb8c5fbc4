"""The size of one run, from the measured input to what EMR is asked for."""

from dataclasses import dataclass

from lambdas.inputs.measure import Measurement
from lambdas.sizing.configurations import shuffle_partitions
from lambdas.sizing.emit import Emitted, emit
from lambdas.sizing.estimate import Estimate, estimate
from lambdas.sizing.need import MAX_PARTITION_BYTES, Need, predict_need
from lambdas.sizing.receipt import human_bytes, receipt
from lambdas.sizing.shapes import Choice, Shape, choose_shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster

# A file that only one task can read and that takes this many parts' time holds up the whole run.
_LONG_FILE_PARTS = 8


@dataclass(frozen=True)
class Decision:
    """A size, what it follows from, and its parts in EMR's own names."""

    need: Need
    shape: Shape
    shuffle_partitions: int
    estimate: Estimate
    receipt: list[str]
    emitted: Emitted


def decide_size(measured: Measurement, cluster: Cluster, catalogue: Catalogue, max_nodes: int, steps: int) -> Decision:
    """Decide the size of a run. The same arguments always give the same answer.

    Parameters
    ----------
    measured
        What lies at the input; at least one byte.
    cluster, catalogue
        What may be used, and its price.
    max_nodes
        Instances in all, at least 2.
    steps
        How many passes over the data the job makes.
    """
    need = predict_need(measured)
    choice = choose_shape(need, cluster, catalogue, max_nodes)
    shape = choice.shape
    expected = estimate(measured, shape, cluster, catalogue, steps)
    partitions = shuffle_partitions(need, shape)
    return Decision(
        need=need,
        shape=shape,
        shuffle_partitions=partitions,
        estimate=expected,
        receipt=receipt(measured, need, choice, cluster, expected, _warnings(measured, choice, max_nodes)),
        emitted=emit(shape, partitions, cluster, catalogue),
    )


def _warnings(measured: Measurement, choice: Choice, max_nodes: int) -> list[str]:
    warnings = []
    if not choice.is_enough:
        warnings.append(
            f"{max_nodes} nodes (limits.max_nodes) give {choice.shape.vcpus:,} cores and "
            f"{choice.shape.executor_memory_mib:,} MiB for executors, less than needed; the run will be slow or spill."
        )
    if measured.largest_unsplittable_bytes > _LONG_FILE_PARTS * MAX_PARTITION_BYTES:
        size = human_bytes(measured.largest_unsplittable_bytes)
        warnings.append(f"One task reads a file of {size} alone, whatever the cluster's size; write it in parts.")
    return warnings
