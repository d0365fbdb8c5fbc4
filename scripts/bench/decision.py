"""How long a sizing decision takes, and a Lambda's cold start with all it imports."""

import subprocess
import sys
import time
from typing import Any

import numpy as np

from lambdas.prediction import PastRun, Workers, forecast
from lambdas.sizing.choice import Goal, Outcomes, choose

CANDIDATES = 500
PAST_RUNS = 200

_COLD = "import time; start = time.perf_counter(); import lambdas.plan_run; print(time.perf_counter() - start)"
_VOLUME = 50 * 10**9


def measure(rounds: int) -> dict[str, Any]:
    """Time the import of ``plan_run`` in fresh processes, and decisions; the fastest of some rounds, in seconds."""
    generator = np.random.default_rng(0)
    history = [_run(generator) for _ in range(PAST_RUNS)]
    candidates = [_workers(generator) for _ in range(CANDIDATES)]
    return {
        "cold_start_s": round(min(_cold_start() for _ in range(rounds)), 3),
        "decision_s": round(min(_decide(history, candidates) for _ in range(rounds)), 3),
        "candidates": CANDIDATES,
        "past_runs": PAST_RUNS,
    }


def _cold_start() -> float:
    done = subprocess.run([sys.executable, "-c", _COLD], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _decide(history: list[PastRun], candidates: list[Workers]) -> float:
    start = time.perf_counter()
    expected = forecast("sql", _VOLUME, history, candidates, deadline_seconds=3_600)
    usd = expected.seconds * np.array([each.nodes for each in candidates])
    choose(Outcomes(expected.seconds, usd, expected.weights), Goal(3_600))
    return time.perf_counter() - start


def _run(generator: np.random.Generator) -> PastRun:
    volume = int(_VOLUME * generator.uniform(0.2, 2))
    return PastRun(volume, _workers(generator), float(generator.uniform(200, 2_000)))


def _workers(generator: np.random.Generator) -> Workers:
    vcpu = float(generator.choice([4, 8, 16]))
    memory, mbps = vcpu * float(generator.choice([2, 4, 8])), vcpu * 30
    return Workers(f"{vcpu:.0f}-{memory:.0f}", float(generator.integers(2, 60)), vcpu, memory, mbps)
