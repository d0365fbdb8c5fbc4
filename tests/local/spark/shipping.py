"""The shipping report as plain Python computes it, row by row."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.local.spark.support import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEADER = ["month", "mode", "items", "late_items", "late_share", "usual_share", "median_days", "revenue", "excess"]


def report_in(s3: "S3Client", bucket: str, folder: str) -> list[list[str]]:
    """Read the report a run has written."""
    (key,) = [key for key in keys(s3, bucket, folder) if key.endswith(".csv")]
    return list(csv.reader(io.StringIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())))


def expected_report(lineitem: Path) -> list[list[str]]:
    """Compute the report from the CSV files of a folder, all of whose rows are good."""
    of_mode = defaultdict(list)
    of_month = defaultdict(list)
    for file in lineitem.glob("*.csv"):
        for row in csv.DictReader(file.open()):
            of_mode[row["l_shipmode"]].append(row)
            of_month[row["l_shipdate"][:7], row["l_shipmode"]].append(row)
    usual = {mode: _share(rows) for mode, rows in of_mode.items()}
    days = {mode: float(median(_days(row) for row in rows)) for mode, rows in of_mode.items()}
    lines = [
        [
            *(month, mode, len(rows), sum(map(_is_late, rows)), _share(rows), usual[mode], days[mode]),
            *(sum(map(_revenue, rows)), _share(rows) - usual[mode]),
        ]
        for (month, mode), rows in sorted(of_month.items())
    ]
    return [HEADER, *([str(value) for value in line] for line in lines)]


def _share(rows: Iterable[dict[str, str]]) -> Decimal:
    late = [_is_late(row) for row in rows]
    return (Decimal(sum(late)) / len(late)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _is_late(row: dict[str, str]) -> bool:
    return row["l_receiptdate"] > row["l_commitdate"]


def _days(row: dict[str, str]) -> int:
    return (date.fromisoformat(row["l_receiptdate"]) - date.fromisoformat(row["l_shipdate"])).days


def _revenue(row: dict[str, str]) -> Decimal:
    return Decimal(row["l_extendedprice"]) * (1 - Decimal(row["l_discount"]))
