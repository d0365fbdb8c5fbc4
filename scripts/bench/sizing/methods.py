"""Every method that is compared, by name."""

from collections.abc import Callable, Mapping

import numpy as np

from scripts.bench.sizing import baselines
from scripts.bench.sizing.data import ROUNDING, Bools, Context, Floats
from scripts.sizing.choose import choose_for_request
from scripts.sizing.request import Answer, Request

Sizer = Callable[[Request], Answer]

OURS = "slow-lambda"
# What our gain is measured against.
REFERENCE = "ernest90"
ORACLE = "oracle"

METHODS: Mapping[str, Sizer] = {
    OURS: choose_for_request,
    REFERENCE: baselines.ernest90,
    "ernest": baselines.ernest,
    "bell": baselines.bell,
    "nearest-runs": baselines.nearest_runs,
    "bytes-per-node": baselines.bytes_per_node,
    "64-vcpu": baselines.static_vcpu,
    "largest": baselines.largest,
    "smallest": baselines.smallest,
}


def oracle(context: Context) -> Sizer:
    """Return the method that knows what every cluster would take."""

    def sizer(request: Request) -> Answer:
        if request.budget_usd is not None:
            index = _least(context.seconds, context.usd <= request.budget_usd * (1 + ROUNDING))
        elif request.deadline_s is not None:
            left = request.deadline_s - request.cost_model.provision_s
            index = _least(context.usd, context.seconds <= left * (1 + ROUNDING))
        else:
            index = int(np.argmin(context.usd))
        return baselines.answer(request, index, float(context.seconds[index]))

    return sizer


def _least(values: Floats, fits: Bools) -> int:
    return int(np.argmin(np.where(fits, values, np.inf)))
