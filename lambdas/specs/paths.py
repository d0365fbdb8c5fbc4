"""Where the specs lie: beside the ``lambdas`` package, in the repository and in the Lambda zip alike."""

from pathlib import Path

SPECS = Path(__file__).resolve().parents[2] / "emr_specs"


def job_folder(name: str, root: Path) -> Path:
    """Return the folder of a job: its ``job.yml`` and its scripts."""
    return root / "jobs" / name


def cluster_file(name: str, root: Path) -> Path:
    """Return the file of a cluster spec."""
    return root / "clusters" / f"{name}.yml"


def scaling_file(name: str, root: Path) -> Path:
    """Return the file of a scaling spec."""
    return root / "scaling" / f"{name}.yml"


def catalogue_file(region: str, root: Path) -> Path:
    """Return the file with a region's instance types and prices."""
    return root / "instances" / f"{region}.json"
