"""TPC-H data for the demonstration: generated on this machine, dropped in S3 as a user would."""

import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.files import appearing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TABLES = ("lineitem", "orders", "customer")
MARKER = "_SUCCESS"


class DataError(RuntimeError):
    """The data could not be generated; the message says why and what to do."""


def generate(folder: Path, scale: float, parts: int) -> list[Path]:
    """Generate the tables `lineitem`, `orders` and `customer` as CSV files.

    What was generated before for the same scale and number of parts is used again.

    Parameters
    ----------
    folder
        The cache; the files lie in `<folder>/tpch-<scale>-<parts>/<table>/`.
    scale
        TPC-H scale factor; 1 is about 1 GB of CSV.
    parts
        Files per table.

    Returns
    -------
    list[Path]
        All files, sorted.

    Raises
    ------
    DataError
        If scale or parts make no sense, or the generator fails.
    """
    name = f"tpch-{_plain(scale)}-{_checked_parts(parts)}"
    target = folder / name
    if not target.is_dir():
        with appearing(target) as fresh:
            _run_generator(fresh, scale, parts)
    return sorted(target.glob("*/*.csv"))


def upload(
    s3: "S3Client", folder: Path, bucket: str, prefix: str, progress: Callable[[Path, int], None] | None = None
) -> int:
    """Upload all files of a folder, then an empty `_SUCCESS`, which says that all are there.

    Parameters
    ----------
    s3
        Client to upload with.
    folder
        What is uploaded, as `<prefix>/<path in the folder>`.
    bucket, prefix
        Where to.
    progress
        Called with a file and the number of bytes just sent of it.

    Returns
    -------
    int
        Bytes uploaded.
    """
    base = f"{prefix.strip('/')}/".lstrip("/")
    total = 0
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        s3.upload_file(
            str(file), bucket, base + file.relative_to(folder).as_posix(), Callback=_reporter(file, progress)
        )
        total += file.stat().st_size
    s3.put_object(Bucket=bucket, Key=f"{base}{MARKER}", Body=b"")
    return total


def _reporter(file: Path, progress: Callable[[Path, int], None] | None) -> Callable[[int], None]:
    return lambda sent: progress(file, sent) if progress else None


def _plain(scale: float) -> str:
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not math.isfinite(scale) or scale <= 0:
        raise DataError(f"The scale {scale!r} is not a positive number: 0.1 is about 100 MB of CSV, 1 about 1 GB.")
    text = format(Decimal(str(scale)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _checked_parts(parts: int) -> int:
    if isinstance(parts, bool) or not isinstance(parts, int) or parts < 1:
        raise DataError(f"The number of parts {parts!r} is not a whole number of at least 1.")
    return parts


def _run_generator(folder: Path, scale: float, parts: int) -> None:
    command = [
        str(_generator()),
        "csv",
        "--scale-factor",
        _plain(scale),
        "--parts",
        str(parts),
        "--tables",
        ",".join(TABLES),
        "--output-dir",
        str(folder),
        "--quiet",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DataError(
            f"tpchgen-cli ended with exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
        )


def _generator() -> Path:
    beside = Path(sys.executable).parent / "tpchgen-cli"
    found = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if not found:
        raise DataError("tpchgen-cli is not installed: run `pip install 'slow-lambda[local]'`.")
    return Path(found)
