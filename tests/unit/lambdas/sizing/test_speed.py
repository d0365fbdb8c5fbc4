import re

import pytest

from lambdas.sizing.speed import vcpu_speed
from tests.unit.lambdas.sizing.accepted import CATALOGUE


@pytest.mark.parametrize(
    ("name", "speed"),
    [
        ("m5.xlarge", 1.0),
        ("m5d.24xlarge", 1.0),
        ("r5a.xlarge", 0.9),
        ("m7g.xlarge", 1.25),
        ("m7gd.xlarge", 1.25),
        ("c6i.xlarge", 1.1),
        ("c7a.medium", 1.4),
        ("m4.xlarge", 1.0),
        ("z99.tiny", 1.0),
        ("", 1.0),
    ],
)
def test_speed(name: str, speed: float) -> None:
    assert vcpu_speed(name) == speed


def test_disks_do_not_make_cores_faster() -> None:
    names = {known.type for known in CATALOGUE.types}
    pairs = [(name, plain) for name in names if (plain := re.sub(r"d\.", ".", name)) != name and plain in names]
    assert pairs
    assert all(vcpu_speed(name) == vcpu_speed(plain) for name, plain in pairs)


def test_of_the_catalogue_a_later_generation_is_never_slower() -> None:
    speeds: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for known in CATALOGUE.types:
        found = re.fullmatch(r"([a-z]+)(\d)([a-z]*)", known.family)
        assert found, known.family
        maker = found[3][:1] if found[3][:1] in {"a", "g"} else "i"
        speeds.setdefault((found[1], maker), []).append((int(found[2]), vcpu_speed(known.type)))
    for each in speeds.values():
        assert [speed for _, speed in sorted(each)] == sorted(speed for _, speed in each)
