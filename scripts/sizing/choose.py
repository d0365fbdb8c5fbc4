"""The project's own answer to a sizing request."""

import numpy as np

from lambdas.prediction import PastRun, Workers, forecast
from lambdas.sizing.choice import CONFIDENCE_WITHOUT_RUNS, DEFAULT_CONFIDENCE, Goal, Outcomes, choose
from scripts.sizing.request import Answer, Candidate, InstanceType, Request

# The run time lies within with a probability of 80 %.
_INTERVAL = (0.1, 0.9)

_SECONDS_PER_HOUR = 3600


def choose_for_request(request: Request) -> Answer:
    """Choose a candidate of a request, and say what is expected of it."""
    types, costs = request.instance_types, request.cost_model
    history = [
        PastRun(run.data_bytes, _workers(run, types[run.instance_type]), run.runtime_s) for run in request.history
    ]
    candidates = [_workers(candidate, types[candidate.instance_type]) for candidate in request.candidates]
    deadline = None if request.deadline_s is None else request.deadline_s - costs.provision_s
    expected = forecast(request.job.job_class, request.job.data_bytes, history, candidates, deadline_seconds=deadline)
    usd_per_hour = np.array(
        [costs.primary_usd_h + each.nodes * types[each.instance_type].price_usd_h for each in request.candidates]
    )
    seconds = expected.seconds + costs.provision_s
    outcomes = Outcomes(seconds, seconds * usd_per_hour / _SECONDS_PER_HOUR, expected.weights)
    confidence = DEFAULT_CONFIDENCE if history else CONFIDENCE_WITHOUT_RUNS
    best = choose(outcomes, Goal(request.deadline_s, request.budget_usd, confidence)).best
    low, median, high = expected.quantiles(best, (_INTERVAL[0], 0.5, _INTERVAL[1]))
    return Answer(
        instance_type=request.candidates[best].instance_type,
        nodes=request.candidates[best].nodes,
        predicted_runtime_s=median,
        predicted_interval_s=(low, high),
        predicted_cost_usd=(median + costs.provision_s) * float(usd_per_hour[best]) / _SECONDS_PER_HOUR,
    )


def _workers(candidate: Candidate, of: InstanceType) -> Workers:
    return Workers(candidate.instance_type, candidate.nodes, of.vcpu, of.memory_gib, of.ebs_mbps)
