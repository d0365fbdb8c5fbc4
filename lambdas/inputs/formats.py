"""What a file's name says about how it can be read."""

from dataclasses import dataclass
from pathlib import PurePosixPath

# Formats that are read in parts whatever codec they use inside.
# https://spark.apache.org/docs/3.5.8/sql-data-sources-parquet.html
_CONTAINERS = frozenset({"parquet", "orc", "avro"})
_TEXTS = {
    "csv": "csv",
    "tsv": "csv",
    "tbl": "csv",
    "psv": "csv",
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "txt": "text",
    "log": "text",
    "xml": "xml",
}
_CODECS = {
    "gz": "gzip",
    "gzip": "gzip",
    "bz2": "bzip2",
    "zst": "zstd",
    "lz4": "lz4",
    "snappy": "snappy",
    "deflate": "deflate",
    "zip": "zip",
    "xz": "xz",
    "zstd": "zstd",
    "lzo": "lzo",
    "zlib": "zlib",
    "br": "brotli",
}

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/HowtoProcessGzippedFiles.html
_SPLITTABLE_CODECS = frozenset({"none", "bzip2"})


@dataclass(frozen=True, order=True)
class Kind:
    """A format (``parquet``, ``csv``, ``unknown`` ...) and a codec (``snappy``, ``gzip``, ``none`` ...)."""

    format: str
    codec: str

    @property
    def is_splittable(self) -> bool:
        """Whether several tasks can share one file. JSON is taken to be one document per line."""
        return self.format in _CONTAINERS or self.codec in _SPLITTABLE_CODECS


def kind_of(key: str) -> Kind:
    """Read format and codec off a name such as ``part-0.csv.gz`` or ``part-0.c000.snappy.parquet``."""
    suffixes = [suffix[1:].lower() for suffix in PurePosixPath(key).suffixes[-2:]]
    last = suffixes[-1] if suffixes else ""
    before = suffixes[-2] if len(suffixes) > 1 else ""
    if last in _CONTAINERS:
        return Kind(last, _CODECS.get(before, "none"))
    if last in _CODECS:
        return Kind(before if before in _CONTAINERS else _TEXTS.get(before, "unknown"), _CODECS[last])
    return Kind(_TEXTS.get(last, "unknown"), "none")
