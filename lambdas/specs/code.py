"""Where a job's code lies in the code bucket: a folder named after its content, so a run keeps its code."""

import hashlib
from pathlib import Path

from lambdas.specs.paths import SPECS, job_folder

_HASH_LENGTH = 12


def code_files(job: str, root: Path = SPECS) -> list[Path]:
    """Return the files of a job's folder that are published, sorted; no caches and no hidden files."""
    folder = job_folder(job, root)
    return sorted(path for path in folder.rglob("*") if path.is_file() and not _is_left_out(path.relative_to(folder)))


def code_prefix(job: str, root: Path = SPECS) -> str:
    """Return the key prefix of a job's code, ``jobs/<job>/<hash>/``.

    The hash covers names and contents of ``code_files``, nothing else, so the publisher and the planner agree.

    Parameters
    ----------
    job
        The job's name.
    root
        The ``emr_specs`` folder.
    """
    digest = hashlib.sha256()
    for path in code_files(job, root):
        for part in (path.relative_to(job_folder(job, root)).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return f"jobs/{job}/{digest.hexdigest()[:_HASH_LENGTH]}/"


def code_digest(prefix: str) -> str:
    """Return the hash that a prefix of ``code_prefix`` ends in."""
    return prefix.rstrip("/").rpartition("/")[2]


def _is_left_out(path: Path) -> bool:
    return path.suffix == ".pyc" or any(part.startswith(".") or part == "__pycache__" for part in path.parts)
