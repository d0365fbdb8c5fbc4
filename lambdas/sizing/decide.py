"""The size of one run, from the measured input to what EMR is asked for."""

from collections.abc import Collection
from dataclasses import dataclass

from lambdas.inputs.measure import Measurement
from lambdas.sizing.alternatives import Alternative, alternatives_of
from lambdas.sizing.asked import Asked
from lambdas.sizing.bounds import Bounds, find_bounds
from lambdas.sizing.choice import Choice, choose
from lambdas.sizing.configurations import shuffle_partitions
from lambdas.sizing.elastic import Elastic, fit_policy, fixed_shapes
from lambdas.sizing.emit import Emitted, emit, emit_elastic
from lambdas.sizing.expect import Estimate, Expected, Known, expect
from lambdas.sizing.need import Need, predict_need
from lambdas.sizing.shapes import Shape, candidate_shapes
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster
from lambdas.specs.scaling import CustomScaling, ManagedLimits, ManagedScaling


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
    elastic
        What starts instead of the size where a policy decides: the size is then what the work needs if it stays as it
        is.
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
    elastic: Elastic | None = None


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
    elastics
        The clusters a policy may start, best first; none where EMR's managed scaling decides.
    """

    asked: Asked
    cluster: Cluster
    catalogue: Catalogue
    need: Need
    shapes: tuple[Shape, ...]
    expected: Expected
    choice: Choice
    would_keep: Bounds | None
    elastics: tuple[Elastic, ...] = ()

    @property
    def best(self) -> Decision:
        """The best size."""
        return self._decision(self.choice.best, ())

    def decide(self, without: Collection[str]) -> Decision | None:
        """Return the best size of other instance types; ``None`` when there is none."""
        best = next((each for each in self.choice.order if self.shapes[each].instance_type.type not in without), None)
        return None if best is None else self._decision(best, without)

    def emit(
        self, shape: Shape, cluster: Cluster, elastic: Elastic | None = None, without: Collection[str] = ()
    ) -> Emitted:
        """Say a size, or what a policy starts instead of it, in EMR's names.

        Parameters
        ----------
        cluster
            The cluster spec, whose task nodes may come from elsewhere than those of the sizes.
        without
            Instance types to leave out.
        """
        partitions, spill = shuffle_partitions(self.need, shape), self.need.spill_bytes
        if elastic:
            return emit_elastic(elastic, partitions, cluster, spill, shape.workers)
        return emit(shape, partitions, cluster, self.catalogue, without, spill, _managed_limits(self.asked))

    def _decision(self, best: int, without: Collection[str]) -> Decision:
        shape, goal = self.shapes[best], self.asked.goal
        elastic = self.elastics[0] if self.elastics else None
        kept = float(self.choice.kept[best])
        return Decision(
            need=self.need,
            shape=shape,
            shuffle_partitions=shuffle_partitions(self.need, shape),
            estimate=self.expected.estimate(best),
            emitted=self.emit(shape, self.cluster, elastic, without),
            fits=kept >= goal.confidence,
            kept=kept,
            considered=len(self.shapes),
            alternatives=alternatives_of(self.shapes, self.expected, self.choice, best, goal),
            would_keep=self.would_keep,
            elastic=elastic,
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

    Raises
    ------
    ScalingError
        The policy the job names cannot be followed.
    """
    elastics: tuple[Elastic, ...] = ()
    if isinstance(asked.scaling, CustomScaling):
        elastics = fit_policy(asked.scaling, cluster.task_market, catalogue, asked.max_nodes)
        cluster = cluster.model_copy(update={"primary_type": asked.scaling.minimum.primary.type})
        shapes = fixed_shapes(elastics[0])
    else:
        limits = _managed_limits(asked)
        max_nodes = min(asked.max_nodes, (limits.maximum or asked.max_nodes) + 1)
        found = [asked.only] if asked.only else candidate_shapes(cluster, catalogue, max_nodes, limits.minimum or 1)
        shapes = [shape for shape in found if shape.vcpus >= asked.least_vcpus] or found
    if not shapes:
        return None
    need = predict_need(measured, known.spill_share)
    expected = expect(shapes, measured, need, known, asked.job_class, cluster, catalogue)
    believed = expected.given(asked.goal.deadline_seconds)
    choice = choose(believed.outcomes, asked.goal)
    would_keep = None if choice.fits else find_bounds(shapes, expected, asked.goal)
    return Sizes(asked, cluster, catalogue, need, tuple(shapes), believed, choice, would_keep, elastics)


def _managed_limits(asked: Asked) -> ManagedLimits:
    return asked.scaling.managed if isinstance(asked.scaling, ManagedScaling) else ManagedLimits()
