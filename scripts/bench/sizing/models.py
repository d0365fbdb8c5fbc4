"""Run time of a cluster from past runs, as known methods predict it.

Every model takes the clusters of the past runs, their seconds, and the clusters that are asked about.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import nnls

from scripts.bench.sizing.data import Floats
from scripts.bench.sizing.features import Clusters

Model = Callable[[Clusters, Floats, Clusters], Floats]

# No prediction outside this is believed, in seconds.
_SHORTEST = 5.0
_LONGEST = 50_000.0

_NEIGHBOURS = 3
# Runs alike in all that is looked at do not weigh without bounds.
_LEAST_DISTANCE = 0.05


def ernest_seconds(runs: Clusters, seconds: Floats, asked: Clusters) -> Floats:
    """Predict by Ernest's terms: a constant, bytes per core, the logarithm of the cores, the cores.

    Venkataraman et al., "Ernest: Efficient Performance Prediction for Large-Scale Advanced Analytics", NSDI 2016.
    """
    weights, _ = nnls(_ernest_terms(runs), seconds)
    predicted: Floats = np.clip(_ernest_terms(asked) @ weights, _SHORTEST, _LONGEST)
    return predicted


def _ernest_terms(clusters: Clusters) -> Floats:
    cores = clusters.cores
    return np.column_stack([np.ones(len(cores)), clusters.data_bytes / 1e9 / cores, np.log(cores), cores])


def interpolated_seconds(runs: Clusters, seconds: Floats, asked: Clusters) -> Floats:
    """Predict without a formula: interpolate between the numbers of cores that were tried, outside them by Ernest.

    Times of other inputs count in proportion to their bytes, so that there are enough to interpolate between.
    """
    tried = np.unique(runs.cores)
    predicted = ernest_seconds(runs, seconds, asked)
    inside = (asked.cores >= tried[0]) & (asked.cores <= tried[-1])
    for row in np.flatnonzero(inside):
        scaled = seconds * asked.data_bytes[row] / runs.data_bytes
        means = [scaled[runs.cores == cores].mean() for cores in tried]
        predicted[row] = np.interp(asked.cores[row], tried, means)
    return predicted


def nearest_seconds(runs: Clusters, seconds: Floats, asked: Clusters) -> Floats:
    """Predict the mean of the three nearest runs, nearer ones weighing more; near and mean are in log."""
    distances = np.linalg.norm(_place(asked)[:, None, :] - _place(runs)[None, :, :], axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :_NEIGHBOURS]
    weights = 1 / np.maximum(np.take_along_axis(distances, nearest, axis=1), _LEAST_DISTANCE)
    predicted: Floats = np.exp(np.sum(weights * np.log(seconds)[nearest], axis=1) / weights.sum(axis=1))
    return predicted


def _place(clusters: Clusters) -> Floats:
    return np.log(np.column_stack([clusters.data_bytes, clusters.cores, clusters.memory_gib]))


def cross_validated(model: Model, runs: Clusters, seconds: Floats) -> Floats:
    """Predict every run from all the others."""
    rows = np.arange(len(seconds))
    return np.array(
        [model(runs.take(rows != left), seconds[rows != left], runs.take(rows == left))[0] for left in rows]
    )
