"""The result of the demonstration's job, read back from S3."""

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdas import aws
from lambdas.inputs.uri import S3Uri


@dataclass(frozen=True)
class Table:
    """One table of the result: its name, its header and its rows."""

    name: str
    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Output:
    """The result below one prefix."""

    uri: str
    objects: int
    tables: list[Table]

    def summary(self) -> dict[str, Any]:
        """Return what the JSON document says of it."""
        return {
            "uri": self.uri,
            "objects": self.objects,
            "rows": sum(len(table.rows) for table in self.tables),
            "tables": {table.name: len(table.rows) for table in self.tables},
        }


def result_uri(plan: dict[str, Any]) -> str:
    """Return where the plan's last step writes: the argument after ``--output``."""
    args = plan["steps"][-1]["args"]
    found: str = args[args.index("--output") + 1]
    return found


def fetch(uri: str, folder: Path) -> Output:
    """Download a result and read its CSV files.

    Parameters
    ----------
    uri
        Prefix of the result, one folder of CSV files per table.
    folder
        Where to keep it; emptied first.
    """
    prefix = S3Uri.parse(uri)
    shutil.rmtree(folder, ignore_errors=True)
    objects = 0
    for page in aws.s3().get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key):
        for item in page.get("Contents", []):
            path = folder / item["Key"].removeprefix(prefix.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            aws.s3().download_file(prefix.bucket, item["Key"], str(path))
            objects += 1
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return Output(uri, objects, [_read(folder / name) for name in names])


def _read(folder: Path) -> Table:
    rows: list[list[str]] = []
    header: list[str] = []
    for file in sorted(folder.glob("*.csv")):
        with file.open(newline="", encoding="utf-8") as lines:
            header, *more = csv.reader(lines)
            rows += more
    return Table(folder.name, header, rows)
