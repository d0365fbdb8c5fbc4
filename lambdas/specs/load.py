"""Load and check specs. Every function takes the ``emr_specs`` folder; the repository's own is the default."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from lambdas.specs.catalogue import Catalogue
from lambdas.specs.checks import check_catalogue, check_cluster, check_job, check_texts
from lambdas.specs.cluster import Cluster
from lambdas.specs.document import Document, describe, read_document
from lambdas.specs.errors import Finding, SpecError, UnknownSpecError
from lambdas.specs.job import Job
from lambdas.specs.output_checks import check_outputs
from lambdas.specs.paths import SPECS, catalogue_file, cluster_file, job_folder, scaling_file
from lambdas.specs.problems import findings_of
from lambdas.specs.scaling import LIMITS_OF_THE_PLAN, MANAGED, CustomScaling, ManagedScaling, Scaling
from lambdas.specs.scaling_checks import check_job_scaling, check_scaling
from lambdas.specs.types import Spec, is_name

_Model = TypeVar("_Model", bound=Spec)


def load_job(name: str, root: Path = SPECS) -> Job:
    """Load one job.

    Parameters
    ----------
    name
        The job's folder below ``emr_specs/jobs``.
    root
        The ``emr_specs`` folder.

    Raises
    ------
    UnknownSpecError
        No such job; a name that could leave the folder is none.
    SpecError
        Its ``job.yml`` is wrong, or a spec that says how its cluster is scaled; all findings of the first wrong file.
    """
    folder = job_folder(name, root)
    if not is_name(name) or not (folder / "job.yml").is_file():
        raise UnknownSpecError("job", name, job_names(root))
    document = read_document(folder / "job.yml", root)
    job = _validate(Job, document, check_job(document, folder, root))
    if findings := list(check_outputs(document, job)):
        raise SpecError(findings)
    if job.scaling != MANAGED:
        cluster, scaling = load_cluster(job.cluster, root), load_scaling(job.scaling, root)
        if findings := list(check_job_scaling(document, job, cluster, scaling, _catalogues(root))):
            raise SpecError(findings)
    return job


def load_jobs(root: Path = SPECS) -> list[Job]:
    """Load every job, by name.

    Raises
    ------
    SpecError
        The findings of all ``job.yml`` files.
    """
    jobs: list[Job] = []
    findings: list[Finding] = []
    for name in job_names(root):
        try:
            jobs.append(load_job(name, root))
        except SpecError as error:
            findings += error.findings
        except UnknownSpecError as error:
            place = job_folder(name, root).relative_to(root.parent).as_posix()
            findings.append(Finding(f"{place}/job.yml", 1, "", "a job's spec in a folder named like a job", str(error)))
    if findings:
        raise SpecError(findings)
    return jobs


def load_cluster(name: str, root: Path = SPECS) -> Cluster:
    """Load one cluster spec and hold its instance types against the catalogue of every region.

    Raises
    ------
    UnknownSpecError
        No such cluster spec.
    SpecError
        The spec or a catalogue is wrong; all findings of the first wrong file.
    """
    path = cluster_file(name, root)
    if not is_name(name) or not path.is_file():
        raise UnknownSpecError("cluster spec", name, cluster_names(root))
    document = read_document(path, root)
    return _validate(Cluster, document, check_cluster(document, name, _catalogues(root)))


def load_scaling(name: str, root: Path = SPECS) -> Scaling:
    """Load one scaling spec; ``managed`` is EMR's managed scaling within the limits of the plan.

    Raises
    ------
    UnknownSpecError
        No such scaling spec.
    SpecError
        The spec or a catalogue is wrong; all findings of the first wrong file.
    """
    if name == MANAGED:
        return LIMITS_OF_THE_PLAN
    path = scaling_file(name, root)
    if not is_name(name) or not path.is_file():
        raise UnknownSpecError("scaling spec", name, [MANAGED, *scaling_names(root)])
    document = read_document(path, root)
    checked = check_scaling(document, name, _catalogues(root))
    if isinstance(document.data, dict) and "managed" in document.data:
        return _validate(ManagedScaling, document, checked)
    return _validate(CustomScaling, document, checked)


def cluster_names(root: Path = SPECS) -> list[str]:
    """Return the names of the cluster specs, sorted."""
    return sorted(path.stem for path in (root / "clusters").glob("*.yml"))


def scaling_names(root: Path = SPECS) -> list[str]:
    """Return the names of the scaling specs, sorted."""
    return sorted(path.stem for path in (root / "scaling").glob("*.yml"))


def load_catalogue(region: str, root: Path = SPECS) -> Catalogue:
    """Load the instance types and prices of a region.

    Raises
    ------
    UnknownSpecError
        No prices of this region are known.
    SpecError
        The catalogue is wrong; all findings.
    """
    if region not in catalogue_regions(root):
        raise UnknownSpecError("instance catalogue", region, catalogue_regions(root))
    return _read_catalogue(region, root, catalogue_file(region, root).stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read_catalogue(region: str, root: Path, changed_ns: int) -> Catalogue:  # noqa: ARG001 - a changed file is read anew
    path = catalogue_file(region, root)
    # JSON is YAML too, and reading it as such takes hundreds of times as long: only for the lines of what is wrong.
    try:
        catalogue = Catalogue.model_validate_json(path.read_bytes())
    except ValidationError:
        catalogue = None
    if catalogue and catalogue.region == region and catalogue.has_each_type_once():
        return catalogue
    document = read_document(path, root)
    _validate(Catalogue, document, check_catalogue(document, region))
    raise SpecError([document.finding((), "JSON", "YAML that JSON does not allow")])


def _validate(model: type[_Model], document: Document, checked: Iterable[Finding]) -> _Model:
    if not isinstance(document.data, dict):
        raise SpecError([document.finding((), "a mapping of keys to values", describe(document.data))])
    findings = [*check_texts(document), *checked]
    try:
        spec = model.model_validate(document.data)
    except ValidationError as error:
        raise SpecError([*findings, *findings_of(error, model, document)]) from error
    if findings:
        raise SpecError(findings)
    return spec


def job_names(root: Path = SPECS) -> list[str]:
    """Return the names of the jobs' folders, sorted."""
    folders = (root / "jobs").iterdir() if (root / "jobs").is_dir() else iter(())
    return sorted(path.name for path in folders if path.is_dir() and not path.name.startswith((".", "_")))


def _catalogues(root: Path) -> list[Catalogue]:
    return [load_catalogue(region, root) for region in catalogue_regions(root)]


def catalogue_regions(root: Path = SPECS) -> list[str]:
    """Return the regions with a catalogue, sorted."""
    return sorted(path.stem for path in (root / "instances").glob("*.json"))
