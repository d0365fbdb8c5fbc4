import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.frozen import FrozenManifest, FrozenObject, ManifestTornError, read_objects
from lambdas.inputs.pages import S3Object

KEYS = st.text('a"\\\n\r\u2028☃/ ,]}', min_size=1, max_size=4)


def manifest(objects: Sequence[FrozenObject]) -> bytes:
    file = io.BytesIO()
    frozen = FrozenManifest(file, ["s3://bucket/in/"])
    for each in objects:
        frozen.write(each.bucket, [S3Object(each.key, each.bytes, each.etag)])
    frozen.end()
    return file.getvalue()


@given(st.lists(st.builds(FrozenObject, KEYS, KEYS, st.integers(0, 10**15), KEYS), max_size=4))
def test_a_manifest_is_read_back(objects: list[FrozenObject]) -> None:
    assert list(read_objects(io.BytesIO(manifest(objects)))) == objects


@pytest.mark.parametrize("kept", [0, 1, -1, -3, -5, -20])
def test_a_manifest_whose_end_is_missing(kept: int) -> None:
    whole = manifest([FrozenObject("b", f"k{number}", 1, "e") for number in range(3)])
    torn = whole[:kept] if kept >= 0 else whole[: kept - 1]
    with pytest.raises(ManifestTornError):
        list(read_objects(io.BytesIO(torn)))


@pytest.mark.parametrize("line", [b"[1]", b'{"bucket": "b"}', b"7,", b"{,"])
def test_another_document(line: bytes) -> None:
    with pytest.raises(ManifestTornError, match="line 2"):
        list(read_objects([b'{"inputs": [], "objects": [\n', line, b"]}\n"]))
