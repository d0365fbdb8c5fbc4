import pytest

from lambdas.inputs.formats import Kind, kind_of


@pytest.mark.parametrize(
    ("key", "kind", "splittable"),
    [
        ("a/part-0.c000.snappy.parquet", Kind("parquet", "snappy"), True),
        ("a/part-0.gz.parquet", Kind("parquet", "gzip"), True),
        ("a/x.PARQUET", Kind("parquet", "none"), True),
        ("a/x.orc", Kind("orc", "none"), True),
        ("a/x.csv", Kind("csv", "none"), True),
        ("a/x.tbl", Kind("csv", "none"), True),
        ("a/x.csv.gz", Kind("csv", "gzip"), False),
        ("a/x.json.bz2", Kind("json", "bzip2"), True),
        ("a/x.ndjson.zst", Kind("json", "zstd"), False),
        ("a/x.zip", Kind("unknown", "zip"), False),
        ("a.b/x", Kind("unknown", "none"), True),
        ("a.csv/x", Kind("unknown", "none"), True),
        ("a/2026.01.02", Kind("unknown", "none"), True),
    ],
)
def test_names(key: str, kind: Kind, splittable: bool) -> None:
    assert kind_of(key) == kind
    assert kind.is_splittable is splittable
