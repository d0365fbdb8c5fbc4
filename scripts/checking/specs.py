"""All specs, and what keeps some of them from being loaded."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from lambdas.specs import (
    Catalogue,
    Cluster,
    CustomScaling,
    Finding,
    Job,
    Scaling,
    SpecError,
    UnknownSpecError,
    load_catalogue,
    load_cluster,
    load_job,
    load_scaling,
)
from lambdas.specs.document import Document, Key, read_document
from lambdas.specs.load import catalogue_regions, cluster_names, job_names, scaling_names
from lambdas.specs.paths import catalogue_file, cluster_file, job_folder, scaling_file
from scripts.checking.rules import Place

_Spec = TypeVar("_Spec")


@dataclass(frozen=True)
class Specs:
    """All specs of a folder by name, and the mistakes in those that could not be loaded.

    Attributes
    ----------
    today
        The day on which releases and prices are too old or not.
    """

    root: Path
    catalogues: dict[str, Catalogue]
    clusters: dict[str, Cluster]
    scalings: dict[str, Scaling]
    jobs: dict[str, Job]
    mistakes: tuple[Finding, ...]
    today: datetime.date
    _documents: dict[Path, Document] = field(default_factory=dict, repr=False)

    @property
    def policies(self) -> dict[str, CustomScaling]:
        """The scaling specs with rules of their own."""
        return {name: each for name, each in self.scalings.items() if isinstance(each, CustomScaling)}

    @cached_property
    def complete(self) -> tuple[tuple[Job, Cluster], ...]:
        """The jobs with the clusters they run on, where both could be loaded."""
        return tuple((job, self.clusters[job.cluster]) for job in self.jobs.values() if job.cluster in self.clusters)

    def of_job(self, job: str, *key: str | int) -> Place:
        """Return where a key of a job stands."""
        return self._place(job_folder(job, self.root) / "job.yml", key)

    def of_cluster(self, cluster: str, *key: str | int) -> Place:
        """Return where a key of a cluster spec stands."""
        return self._place(cluster_file(cluster, self.root), key)

    def of_scaling(self, scaling: str, *key: str | int) -> Place:
        """Return where a key of a scaling spec stands."""
        return self._place(scaling_file(scaling, self.root), key)

    def of_script(self, job: str, script: str, line: int) -> Place:
        """Return a line of a script of a job."""
        return self.of_file(job_folder(job, self.root) / script, line)

    def of_catalogue(self, region: str) -> Place:
        """Return the date of a region's prices, one of its first lines."""
        path = catalogue_file(region, self.root)
        lines = path.read_text(encoding="utf-8").splitlines()
        return self.of_file(path, next((number for number, line in enumerate(lines, 1) if "prices_as_of" in line), 1))

    def of_file(self, path: Path, line: int) -> Place:
        """Return a line of a file below the folder that holds the specs."""
        return Place(path.relative_to(self.root.parent).as_posix(), line)

    def _place(self, path: Path, key: Key) -> Place:
        if path not in self._documents:
            self._documents[path] = read_document(path, self.root)
        return self.of_file(path, self._documents[path].line(key))


def load_specs(root: Path, today: datetime.date) -> Specs:
    """Load what can be loaded of an ``emr_specs`` folder."""
    mistakes: set[Finding] = set()

    def load(names: Iterable[str], each: Callable[[str, Path], _Spec]) -> dict[str, _Spec]:
        loaded = {}
        for name in names:
            try:
                loaded[name] = each(name, root)
            except SpecError as error:
                mistakes.update(error.findings)
            except UnknownSpecError as error:
                place = job_folder(name, root).relative_to(root.parent).as_posix()
                mistakes.add(Finding(place, 1, "", "a spec of this name", str(error)))
        return loaded

    catalogues = load(catalogue_regions(root), load_catalogue)
    clusters = load(cluster_names(root), load_cluster)
    scalings = load(scaling_names(root), load_scaling)
    jobs = load(job_names(root), load_job)
    return Specs(root, catalogues, clusters, scalings, jobs, tuple(sorted(mistakes)), today)
