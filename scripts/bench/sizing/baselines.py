"""Known ways to choose a cluster, each from the request alone."""

import numpy as np

from scripts.bench.sizing.data import Bools, Floats
from scripts.bench.sizing.features import Clusters, candidates_of, history_of
from scripts.bench.sizing.models import cross_validated, ernest_seconds, interpolated_seconds, nearest_seconds
from scripts.sizing.request import Answer, Request

# Clusters of the two rules of thumb. Neither number is anybody's recommendation: such rules are made by hand.
STATIC_VCPU = 64
BYTES_PER_NODE = 4e9

# Of a normal distribution: nine of ten lie below.
_NINETY_PERCENT = 1.2816
# What Ernest's margin is at least, and the largest error of a left-out run that is believed, both in log.
_LEAST_ERROR = 0.02
_LARGEST_ERROR = 2.0
# With fewer runs no model is fitted.
_LEAST_RUNS = 3


def largest(request: Request) -> Answer:
    """Choose the cluster with the highest price per hour."""
    return answer(request, int(np.argmax(candidates_of(request).usd_per_hour)))


def smallest(request: Request) -> Answer:
    """Choose the cluster with the lowest price per hour."""
    return answer(request, int(np.argmin(candidates_of(request).usd_per_hour)))


def static_vcpu(request: Request) -> Answer:
    """Choose the cluster nearest to 64 vCPU; among equals the cheapest."""
    clusters = candidates_of(request)
    return answer(request, _nearest(clusters.cores / STATIC_VCPU, clusters))


def bytes_per_node(request: Request) -> Answer:
    """Choose the cluster with one node per 4 GB of input; among equals the cheapest."""
    clusters = candidates_of(request)
    return answer(request, _nearest(clusters.nodes * BYTES_PER_NODE / request.job.data_bytes, clusters))


def ernest(request: Request) -> Answer:
    """Believe Ernest (Venkataraman et al., NSDI 2016): non-negative least squares over its four terms."""
    if len(request.history) < _LEAST_RUNS:
        return static_vcpu(request)
    return choose(request, ernest_seconds(*history_of(request), candidates_of(request)))


def ernest90(request: Request) -> Answer:
    """Believe Ernest, but look at the limit with a margin: 90 % of a normal error as large as that of left-out runs."""
    if len(request.history) < _LEAST_RUNS:
        return static_vcpu(request)
    runs, seconds = history_of(request)
    expected = ernest_seconds(runs, seconds, candidates_of(request))
    errors = np.log(cross_validated(ernest_seconds, runs, seconds) / seconds)
    spread = np.sqrt(np.mean(np.square(np.clip(errors, -_LARGEST_ERROR, _LARGEST_ERROR))))
    return choose(request, expected, expected * np.exp(_NINETY_PERCENT * (spread + _LEAST_ERROR)))


def bell(request: Request) -> Answer:
    """Believe Bell (Thamsen et al., IPCCC 2016): of two models, the one that predicts left-out runs better.

    One is Ernest; the other assumes nothing, and interpolates between the numbers of cores that were tried.
    """
    if len(request.history) < _LEAST_RUNS:
        return static_vcpu(request)
    runs, seconds = history_of(request)
    errors = {
        model: float(np.mean(np.abs(cross_validated(model, runs, seconds) / seconds - 1)))
        for model in (ernest_seconds, interpolated_seconds)
    }
    return choose(request, min(errors, key=errors.__getitem__)(runs, seconds, candidates_of(request)))


def nearest_runs(request: Request) -> Answer:
    """Expect of a cluster what the nearest past runs took: near in input, cores and memory."""
    if not request.history:
        return static_vcpu(request)
    return choose(request, nearest_seconds(*history_of(request), candidates_of(request)))


def choose(request: Request, seconds: Floats, at_most: Floats | None = None) -> Answer:
    """Choose by expected run times: the cheapest in time, or the fastest for the money; the nearest miss where none is.

    Parameters
    ----------
    seconds
        Expected run time of every candidate.
    at_most
        What is held against the limit, if not that.
    """
    bound = seconds if at_most is None else at_most
    prices = candidates_of(request).usd_per_hour / 3600
    usd = (seconds + request.cost_model.provision_s) * prices
    if request.budget_usd is not None:
        fits = (bound + request.cost_model.provision_s) * prices <= request.budget_usd
        index = _best(seconds, fits, usd)
    else:
        deadline = np.inf if request.deadline_s is None else request.deadline_s - request.cost_model.provision_s
        index = _best(usd, bound <= deadline, bound)
    return answer(request, index, float(seconds[index]))


def answer(request: Request, index: int, seconds: float | None = None) -> Answer:
    """Answer with a candidate."""
    chosen = request.candidates[index]
    return Answer(instance_type=chosen.instance_type, nodes=chosen.nodes, predicted_runtime_s=seconds)


def _best(wanted: Floats, fits: Bools, otherwise: Floats) -> int:
    """Return where ``wanted`` is least among those that fit; where none does, where ``otherwise`` is least."""
    return int(np.argmin(np.where(fits, wanted, np.inf)) if fits.any() else np.argmin(otherwise))


def _nearest(ratios: Floats, clusters: Clusters) -> int:
    distances = np.abs(np.log(ratios)).round(3)
    return int(np.lexsort((clusters.usd_per_hour, distances))[0])
