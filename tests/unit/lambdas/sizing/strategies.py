"""Measured inputs of any mix."""

from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement

KINDS = [
    Kind("parquet", "snappy"),
    Kind("csv", "none"),
    Kind("csv", "gzip"),
    Kind("unknown", "zip"),
    Kind("json", "bzip2"),
]


def measurement(parts: list[tuple[Kind, int, int]]) -> Measurement:
    """Build a measurement from (kind, files, bytes of each)."""
    whole = [(files, size) for kind, files, size in parts if not kind.is_splittable]
    return Measurement(
        bytes=sum(files * size for _, files, size in parts),
        files=sum(files for _, files, _ in parts),
        largest_file_bytes=max(size for _, _, size in parts),
        largest_unsplittable_bytes=max((size for _, size in whole), default=0),
        unsplittable_bytes=sum(files * size for files, size in whole),
        unsplittable_files=sum(files for files, _ in whole),
        kinds=tuple((kind, files * size) for kind, files, size in parts),
    )


PARTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 5_000), st.integers(1, 20 * 10**9)),
    min_size=1,
    max_size=3,
    unique_by=lambda part: part[0],
)
