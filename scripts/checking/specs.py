"""All specs, and what keeps some of them from being loaded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
from lambdas.specs.load import catalogue_regions, cluster_names, job_names, scaling_names
from lambdas.specs.paths import job_folder

_Spec = TypeVar("_Spec")


@dataclass(frozen=True)
class Specs:
    """All specs of a folder by name, and the mistakes in those that could not be loaded."""

    root: Path
    catalogues: dict[str, Catalogue]
    clusters: dict[str, Cluster]
    scalings: dict[str, Scaling]
    jobs: dict[str, Job]
    mistakes: tuple[Finding, ...]

    @property
    def policies(self) -> dict[str, CustomScaling]:
        """The scaling specs with rules of their own."""
        return {name: each for name, each in self.scalings.items() if isinstance(each, CustomScaling)}


def load_specs(root: Path) -> Specs:
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
    return Specs(root, catalogues, clusters, scalings, jobs, tuple(sorted(mistakes)))
