"""Measured runs: what a job took on every cluster it was tried on."""

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.bench.sizing.errors import INSTANCE_COLUMNS, INSTANCES_FILE, RUN_COLUMNS, RUNS_FILES, MeasurementsError
from scripts.sizing.request import CostModel, InstanceType

# Of every decision: how long a cluster takes to be there, and an m4.xlarge as primary, EMR's fee included.
COST_MODEL = CostModel(provision_s=420, primary_usd_h=0.24)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Limits are products of measured figures: the best cluster must not miss one by the last bit.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Context:
    """One job on one input, and its measured run times on every cluster.

    Attributes
    ----------
    name, family, job, job_class
        The family is the job with its parameters, what its owner calls the same job; a context is a family's one input.
    dataset
        Which set it is from.
    instance_types, nodes, repetitions
        A cluster each: its type, its workers, and the seconds of every repetition.
    usd_per_hour
        Dollars per hour of every cluster, primary included.
    """

    name: str
    family: str
    job: str
    job_class: str
    dataset: str
    data_bytes: int
    instance_types: tuple[str, ...]
    nodes: tuple[int, ...]
    repetitions: tuple[Floats, ...]
    usd_per_hour: Floats

    @cached_property
    def seconds(self) -> Floats:
        """What is taken for the run time of every cluster: the median of its repetitions."""
        return np.array([np.median(times) for times in self.repetitions])

    @cached_property
    def usd(self) -> Floats:
        """Dollars of a run on every cluster."""
        return (self.seconds + COST_MODEL.provision_s) * self.usd_per_hour / 3600

    @property
    def cloud(self) -> str:
        """Whose machines these were."""
        return "gcp" if self.dataset == "dataproc" else "aws"


@dataclass(frozen=True)
class Measurements:
    """Contexts by name, in the order of their names, and the instance types they were measured on."""

    contexts: Mapping[str, Context]
    instance_types: Mapping[str, InstanceType]


def seed_of(*parts: object) -> int:
    """Return a seed that depends on these parts alone, on every machine."""
    return int(hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:12], 16)


def make_context(
    name: str, head: Mapping[str, str], runs: Iterable[tuple[str, int, float]], types: Mapping[str, InstanceType]
) -> Context:
    """Make a context of its runs.

    Parameters
    ----------
    name
        The context's name.
    head
        ``family``, ``job``, ``job_class``, ``dataset`` and ``data_bytes``.
    runs
        Instance type, workers and seconds, a repetition each.
    types
        What the instance types cost.
    """
    times: dict[tuple[str, int], list[float]] = {}
    for instance_type, nodes, seconds in runs:
        times.setdefault((instance_type, nodes), []).append(seconds)
    clusters = sorted(times)
    return Context(
        name=name,
        family=head["family"],
        job=head["job"],
        job_class=head["job_class"],
        dataset=head["dataset"],
        data_bytes=int(float(head["data_bytes"])),
        instance_types=tuple(instance_type for instance_type, _ in clusters),
        nodes=tuple(nodes for _, nodes in clusters),
        repetitions=tuple(np.array(times[cluster]) for cluster in clusters),
        usd_per_hour=np.array([nodes * types[name].price_usd_h + COST_MODEL.primary_usd_h for name, nodes in clusters]),
    )


def load_measurements(folder: Path) -> Measurements:
    """Read a folder of measurements; runs whose input's bytes are not known are left out.

    Raises
    ------
    MeasurementsError
        The folder, a file, a column or an instance type is missing, or a number is none.
    """
    files = sorted(folder.glob(RUNS_FILES))
    if not files:
        raise MeasurementsError(f"{folder} is no folder with files {RUNS_FILES}")
    instance_types = {
        row["instance_type"]: _instance_type(row) for row in _rows(folder / INSTANCES_FILE, INSTANCE_COLUMNS)
    }
    rows: dict[str, list[dict[str, str]]] = {}
    for file in files:
        for row in _rows(file, RUN_COLUMNS):
            _check(row, file, instance_types)
            if row["data_bytes"]:
                rows.setdefault(row["context"], []).append(row)
    contexts = {
        name: make_context(
            name,
            rows[name][0],
            [(row["instance_type"], int(row["nodes"]), float(row["runtime_s"])) for row in rows[name]],
            instance_types,
        )
        for name in sorted(rows)
    }
    return Measurements(contexts, instance_types)


def scrambled(measurements: Measurements, salt: str) -> Measurements:
    """Scale bytes and run times, one factor per family: what is known by heart of a set helps no more, shapes stay."""
    return replace(
        measurements,
        contexts={name: _scaled(context, salt) for name, context in measurements.contexts.items()},
    )


def _scaled(context: Context, salt: str) -> Context:
    random = np.random.default_rng(seed_of("scr", salt, context.family))
    slower = math.exp(random.uniform(-0.5, 0.5))
    bigger = math.exp(random.uniform(-0.7, 0.7))
    return replace(
        context,
        data_bytes=int(context.data_bytes * bigger),
        repetitions=tuple(times * slower for times in context.repetitions),
    )


def _rows(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not file.is_file():
        raise MeasurementsError(f"{file} is missing")
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise MeasurementsError(f"{file} has no column {', '.join(missing)}")
        return list(reader)


def _instance_type(row: Mapping[str, str]) -> InstanceType:
    try:
        return InstanceType(
            vcpu=float(row["vcpu"]),
            memory_gib=float(row["mem_gib"]),
            ebs_mbps=float(row["ebs_mbps"]),
            price_usd_h=float(row["ec2_usd_h"]) + float(row["emr_usd_h"]),
        )
    except ValueError as error:
        raise MeasurementsError(f"{INSTANCES_FILE}: {row['instance_type']}: {error}") from error


def _check(row: Mapping[str, str], file: Path, instance_types: Mapping[str, InstanceType]) -> None:
    place = f"{file.name}: a run of {row['context']!r}"
    if row["instance_type"] not in instance_types:
        raise MeasurementsError(f"{place} is on {row['instance_type']!r}, which {INSTANCES_FILE} does not have")
    try:
        usable = float(row["runtime_s"]) > 0 and int(row["nodes"]) > 0 and float(row["data_bytes"] or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise MeasurementsError(f"{place} needs runtime_s, nodes and data_bytes above zero (data_bytes may be empty)")
