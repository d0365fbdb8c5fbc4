"""The size of one run, from the measured input to what EMR is asked for."""

from collections.abc import Collection
from dataclasses import dataclass

from lambdas.inputs.measure import Measurement
from lambdas.sizing.alternatives import Alternative, alternatives_of
from lambdas.sizing.asked import Asked
from lambdas.sizing.bounds import Bounds, find_bounds
from lambdas.sizing.choice import Choice, choose
from lambdas.sizing.configurations import shuffle_partitions
from lambdas.sizing.emit import Emitted, emit
from lambdas.sizing.expect import Estimate, Expected, Known, expect
from lambdas.sizing.need import Need, predict_need
from lambdas.sizing.shapes import Shape, candidate_shapes
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster


@dataclass(frozen=True)
class Decision:
    """A size, what it follows from, and its parts in EMR's own names.

    Attributes
    ----------
    fits
        Whether the size keeps the deadline and the budget with the asked-for confidence.
    kept
        The probability with which it does.
    considered
        How many shapes there were.
    would_keep
        What could be kept instead, when the size does not fit.
    """

    need: Need
    shape: Shape
    shuffle_partitions: int
    estimate: Estimate
    emitted: Emitted
    fits: bool
    kept: float
    considered: int
    alternatives: tuple[Alternative, ...]
    would_keep: Bounds | None


@dataclass(frozen=True)
class Sizes:
    """All sizes a run may have, what is expected of each, and their order.

    Attributes
    ----------
    need
        What the volume needs.
    shapes
        The sizes.
    expected, choice
        What each takes and costs, and which is best; by place in ``shapes``.
    would_keep
        What could be kept instead, when none keeps what is asked for.
    """

    asked: Asked
    cluster: Cluster
    catalogue: Catalogue
    need: Need
    shapes: tuple[Shape, ...]
    expected: Expected
    choice: Choice
    would_keep: Bounds | None

    @property
    def best(self) -> Decision:
        """The best size."""
        return self._decision(self.choice.best, ())

    def decide(self, without: Collection[str]) -> Decision | None:
        """Return the best size of other instance types; ``None`` when there is none."""
        best = next((each for each in self.choice.order if self.shapes[each].instance_type.type not in without), None)
        return None if best is None else self._decision(best, without)

    def _decision(self, best: int, without: Collection[str]) -> Decision:
        shape, goal = self.shapes[best], self.asked.goal
        partitions = shuffle_partitions(self.need, shape)
        kept = float(self.choice.kept[best])
        return Decision(
            need=self.need,
            shape=shape,
            shuffle_partitions=partitions,
            estimate=self.expected.estimate(best),
            emitted=emit(shape, partitions, self.cluster, self.catalogue, without, self.need.spill_bytes),
            fits=kept >= goal.confidence,
            kept=kept,
            considered=len(self.shapes),
            alternatives=alternatives_of(self.shapes, self.expected, self.choice, best, goal),
            would_keep=self.would_keep,
        )


def weigh_sizes(
    measured: Measurement, asked: Asked, known: Known, cluster: Cluster, catalogue: Catalogue
) -> Sizes | None:
    """Weigh all sizes of a run. The same arguments always give the same answer.

    Parameters
    ----------
    measured
        What lies at the input; at least one byte.
    asked
        Limits and goal.
    known
        What past runs say.
    cluster, catalogue
        What may be used, and its price.

    Returns
    -------
    Sizes or None
        ``None`` when no instance type has room for a driver and an executor.
    """
    shapes = candidate_shapes(cluster, catalogue, asked.max_nodes)
    if not shapes:
        return None
    need = predict_need(measured, known.spill_share)
    expected = expect(shapes, measured, need, known, asked.job_class, cluster, catalogue)
    believed = expected.given(asked.goal.deadline_seconds)
    choice = choose(believed.outcomes, asked.goal)
    would_keep = None if choice.fits else find_bounds(shapes, expected, asked.goal)
    return Sizes(asked, cluster, catalogue, need, tuple(shapes), believed, choice, would_keep)
