"""The decisions every method is asked for, and what of the past it is shown for each."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from scripts.bench.sizing.data import COST_MODEL, Context, Measurements, seed_of
from scripts.sizing.request import Candidate, InstanceType, JobAsked, Request, Run

# Times the run time of the fastest cluster; None is no deadline.
DEADLINES = (None, 3.0, 2.0, 1.5)
# Times the cost of the cheapest cluster.
BUDGETS = (1.2, 1.5, 2.0)

# A job with so few inputs is asked about more often, so that one history does not decide its figures.
_FEW_CONTEXTS = 4
_MORE_SEEDS = 4
# A history with fewer runs than asked for is used all the same if it has so many.
_ENOUGH_RUNS = 3
_NARROW_CLUSTERS = 2
_TRIES_PER_RUN = 20
_PRICE_DIGITS = 5


@dataclass(frozen=True)
class Protocol:
    """How much of the past is shown, and of which runs.

    Attributes
    ----------
    history
        ``other``: the same job on other inputs; ``same``: on the same input; ``narrow``: on other inputs, and on two
        clusters only; ``none``.
    sizes
        How many runs.
    """

    name: str
    history: str
    sizes: tuple[int, ...]

    @property
    def limits(self) -> tuple[float | None, ...]:
        """The limits a decision is asked for under, as multiples of the best."""
        return BUDGETS if self.name == "budget" else DEADLINES


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("warm", "other", (3, 5, 10, 20)),
        Protocol("cold", "none", (0,)),
        Protocol("same", "same", (3, 5, 10)),
        Protocol("narrow", "narrow", (5, 10)),
        Protocol("budget", "other", (5,)),
    )
}


@dataclass(frozen=True)
class Task:
    """One decision: the request, and what it is made from.

    Attributes
    ----------
    runs
        How many past runs were asked for.
    limit
        The deadline or budget, times the best cluster's; ``None`` is no deadline.
    """

    protocol: Protocol
    context: Context
    runs: int
    seed: int
    limit: float | None
    request: Request


def sample(measurements: Measurements, salt: str, per_job: int, jobs: Iterable[str] = ()) -> list[Context]:
    """Return the contexts that are asked about: at most ``per_job`` of each job, drawn by the salt; 0 is all.

    Parameters
    ----------
    jobs
        Only these; none means all.
    """
    by_job: dict[str, list[Context]] = {}
    for context in measurements.contexts.values():
        by_job.setdefault(context.job, []).append(context)
    wanted = set(jobs) or set(by_job)
    return [
        context
        for job in sorted(wanted & set(by_job))
        for context in _some(by_job[job], per_job, seed_of("ctx", salt, job))
    ]


def _some(contexts: list[Context], count: int, seed: int) -> list[Context]:
    if not count or len(contexts) <= count:
        return contexts
    drawn = np.random.default_rng(seed).choice(len(contexts), count, replace=False)
    return [contexts[index] for index in sorted(drawn)]


def tasks(measurements: Measurements, context: Context, protocol: Protocol, seeds: int, salt: str) -> Iterator[Task]:
    """Yield the decisions asked for about a context; none where its job has too short a past.

    Parameters
    ----------
    seeds
        Histories per number of runs.
    salt
        Changes histories and the job's id.
    """
    siblings = sum(other.job == context.job for other in measurements.contexts.values())
    histories = seeds * (_MORE_SEEDS if siblings <= _FEW_CONTEXTS else 1)
    for runs in protocol.sizes:
        for seed in range(histories if runs else 1):
            history = draw_history(measurements, context, protocol.history, runs, f"{salt}/{seed}")
            if history is not None:
                request = _request(measurements, context, history, salt)
                for limit in protocol.limits:
                    yield Task(protocol, context, runs, seed, limit, _limited(request, context, protocol, limit))


def draw_history(
    measurements: Measurements, context: Context, mode: str, runs: int, seed: str
) -> tuple[Run, ...] | None:
    """Draw past runs, no measurement twice.

    Returns
    -------
    tuple of Run or None
        ``None`` if there are too few runs to draw from.
    """
    if runs == 0:
        return ()
    pool = [context] if mode == "same" else _relatives(measurements, context)
    if not pool:
        return None
    random = np.random.default_rng(seed_of(context.name, runs, seed, mode))
    allowed = _two_clusters(pool, random) if mode == "narrow" else None
    drawn: dict[tuple[str, int, int], Run] = {}
    for _ in range(runs * _TRIES_PER_RUN):
        if len(drawn) >= runs:
            break
        source = pool[random.integers(len(pool))]
        clusters = [
            index
            for index, cluster in enumerate(zip(source.instance_types, source.nodes, strict=True))
            if allowed is None or cluster in allowed
        ]
        if clusters:
            cluster = clusters[random.integers(len(clusters))]
            repetition = int(random.integers(len(source.repetitions[cluster])))
            drawn.setdefault((source.name, cluster, repetition), _run(source, cluster, repetition))
    return tuple(drawn.values()) if len(drawn) >= min(runs, _ENOUGH_RUNS) else None


def _relatives(measurements: Measurements, context: Context) -> list[Context]:
    return [
        other
        for other in measurements.contexts.values()
        if other.family == context.family and other.data_bytes != context.data_bytes
    ]


def _two_clusters(pool: list[Context], random: np.random.Generator) -> set[tuple[str, int]]:
    clusters = sorted({cluster for other in pool for cluster in zip(other.instance_types, other.nodes, strict=True)})
    drawn = random.choice(len(clusters), size=min(_NARROW_CLUSTERS, len(clusters)), replace=False)
    return {clusters[index] for index in drawn}


def _run(source: Context, cluster: int, repetition: int) -> Run:
    return Run(
        data_bytes=source.data_bytes,
        instance_type=source.instance_types[cluster],
        nodes=source.nodes[cluster],
        runtime_s=float(source.repetitions[cluster][repetition]),
    )


def _request(measurements: Measurements, context: Context, history: tuple[Run, ...], salt: str) -> Request:
    names = sorted({*context.instance_types, *(run.instance_type for run in history)})
    return Request(
        job=JobAsked.model_validate(
            {
                "id": "job-" + hashlib.sha256(f"{salt}{context.family}".encode()).hexdigest()[:8],
                "class": context.job_class,
                "data_bytes": context.data_bytes,
            }
        ),
        history=history,
        candidates=tuple(
            Candidate(instance_type=instance_type, nodes=nodes)
            for instance_type, nodes in zip(context.instance_types, context.nodes, strict=True)
        ),
        instance_types={name: _rounded(measurements.instance_types[name]) for name in names},
        cost_model=COST_MODEL,
    )


def _rounded(known: InstanceType) -> InstanceType:
    return known.model_copy(update={"price_usd_h": round(known.price_usd_h, _PRICE_DIGITS)})


def _limited(request: Request, context: Context, protocol: Protocol, limit: float | None) -> Request:
    if limit is None:
        return request
    if protocol.name == "budget":
        return request.model_copy(update={"budget_usd": float(limit * context.usd.min())})
    deadline = float(COST_MODEL.provision_s + limit * context.seconds.min())
    return request.model_copy(update={"deadline_s": deadline})
