import json
import os
import time
from pathlib import Path

import pytest

from lambdas.specs import Cluster, UnknownSpecError, load_catalogue, load_cluster
from lambdas.specs.catalogue import Catalogue, UnknownInstanceTypeError, allowed_types, release_version
from tests.unit.lambdas.specs.mistakes import change, findings

# Far above what it takes (1 ms), far below YAML (300 ms): a cold start has less than a second in all.
MOST_SECONDS = 0.015


def test_every_type_is_plausible(catalogue: Catalogue) -> None:
    assert len(catalogue.types) >= 200
    for known in catalogue.types:
        assert known.memory_gib * 512 < known.yarn_memory_mib < known.memory_gib * 1024
        assert known.emr_usd_per_hour <= known.ec2_usd_per_hour / 4
        assert known.spot_usd_per_hour is None or known.spot_usd_per_hour < known.ec2_usd_per_hour
        assert (known.ebs_gib == 0) == (known.instance_store_gib > 0)
        assert release_version("emr-6.0.0") <= release_version(known.since) <= release_version("emr-7.14.0")


def test_numbers_of_known_types(catalogue: Catalogue) -> None:
    prices = {name: str(catalogue.get(name).ec2_usd_per_hour) for name in ("m5.xlarge", "c7a.48xlarge", "i3.16xlarge")}
    assert prices == {"m5.xlarge": "0.192", "c7a.48xlarge": "9.85344", "i3.16xlarge": "4.992"}
    capped, later = catalogue.get("r5.24xlarge"), catalogue.get("m7g.16xlarge")
    assert (str(capped.emr_usd_per_hour), later.emr_usd_per_hour) == ("0.27", later.ec2_usd_per_hour / 4)
    assert catalogue.get("m5d.xlarge").instance_store_gib == 139
    assert catalogue.get("m7g.xlarge").ebs_mbps == 156.25
    assert catalogue.get("m7g.xlarge").since == "emr-6.10.0"


def test_mistakes(specs: Path) -> None:
    path = specs / "instances/us-east-1.json"
    change(path, '"type": "m5.2xlarge"', '"type": "m5.xlarge"')
    change(path, '"region": "us-east-1"', '"region": "eu-west-1"')
    change(path, '"ec2_usd_per_hour": 0.768', '"ec2_usd_per_hour": "free"')
    change(path, '"since": "emr-6.1.0"', '"since": "6.1"')
    found = findings(lambda: load_catalogue("us-east-1", specs))
    lines = {text.split(": ")[1]: text for text in found}
    assert list(lines) == ["region", "types[1].type", "types[2].ec2_usd_per_hour", lines_of_since(found)]
    assert found[0].startswith("emr_specs/instances/us-east-1.json:2: region: expected the region of its file")
    first = next(number for number, line in enumerate(path.read_text().splitlines(), 1) if '"m5.xlarge"' in line)
    assert found[1].startswith(f"emr_specs/instances/us-east-1.json:{first + 1}: ")
    assert "expected a type no other line has; found 'm5.xlarge'" in found[1]


def lines_of_since(found: list[str]) -> str:
    return next(text.split(": ")[1] for text in found if "expected an EMR release label" in text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"vcpu": 4', '"vcpu": 4.5', "vcpu: expected a whole number"),
        ('"vcpu": 4, ', "", "types[0]: expected the key 'vcpu'; found none"),
        ('"ebs_gib": 64', '"ebs_gib": -1', "ebs_gib: expected a number of at least 0"),
        ('"currency"', '"curency"', "curency: expected one of region, currency"),
        ('"emr-6.0.0"}', '"emr-6.0.0",}', "expected JSON; found YAML that JSON does not allow"),
        ('"types": [', '"types": {', "expected YAML"),
    ],
)
def test_mistake(specs: Path, old: str, new: str, words: str) -> None:
    change(specs / "instances/us-east-1.json", old, new)
    assert any(words in text for text in findings(lambda: load_catalogue("us-east-1", specs)))


def test_unknown_names(specs: Path, catalogue: Catalogue) -> None:
    with pytest.raises(UnknownSpecError, match="no instance catalogue named 'mars-1'; known: us-east-1"):
        load_catalogue("mars-1", specs)
    with pytest.raises(UnknownInstanceTypeError, match=r"no price of 'x9\.huge' in us-east-1; .* prices refresh"):
        catalogue.get("x9.huge")


def test_read_once_per_process_and_anew_when_it_changed(specs: Path) -> None:
    first = load_catalogue("us-east-1", specs)
    assert load_catalogue("us-east-1", specs) is first
    path = specs / "instances/us-east-1.json"
    change(path, '"ec2_usd_per_hour": 0.192', '"ec2_usd_per_hour": 0.5')
    os.utime(path, ns=(0, 0))
    assert str(load_catalogue("us-east-1", specs).get("m5.xlarge").ec2_usd_per_hour) == "0.5"


def test_read_in_a_few_milliseconds(specs: Path) -> None:
    path, seconds = specs / "instances/us-east-1.json", []
    for attempt in range(5):
        os.utime(path, ns=(attempt, attempt))
        started = time.process_time()
        load_catalogue("us-east-1", specs)
        seconds.append(time.process_time() - started)
    assert min(seconds) < MOST_SECONDS


def test_supported_types(catalogue: Catalogue) -> None:
    assert {known.family for known in catalogue.supported("emr-6.9.0")}.isdisjoint({"m7g", "m8g"})
    assert {known.family for known in catalogue.supported("emr-6.10.0")} >= {"m7g", "m8g", "m5"}
    assert catalogue.supported("emr-spark-8.1.0") == catalogue.supported("emr-7.14.0") == catalogue.types
    assert catalogue.supported("emr-5.36.0") == ()


def test_releases_in_order() -> None:
    labels = ["emr-spark-8.1.0", "emr-6.10.0", "emr-5.36.0", "emr-spark-8.0.0", "emr-7.14.0", "emr-6.9.0"]
    ordered = ["emr-5.36.0", "emr-6.9.0", "emr-6.10.0", "emr-7.14.0", "emr-spark-8.0.0", "emr-spark-8.1.0"]
    assert sorted(labels, key=release_version) == ordered


def test_allowed_types(catalogue: Catalogue, cluster: Cluster) -> None:
    named = allowed_types(catalogue, cluster.model_copy(update={"families": ("m7g", "r7g")}))
    assert {known.family for known in named} == {"m7g", "r7g"}
    every = allowed_types(catalogue, cluster.model_copy(update={"families": None}))
    assert {known.arch for known in every} == {"arm64"}
    assert {known.family for known in every} >= {"m6g", "m6gd", "m7g", "m8g", "c8g", "r8g"}
    older = cluster.model_copy(update={"families": ("m6g", "m7g"), "release": "emr-6.9.0"})
    assert {known.family for known in allowed_types(catalogue, older)} == {"m6g"}


def test_families_a_release_does_not_support(specs: Path) -> None:
    path = specs / "clusters/spark.yml"
    change(path, "release: emr-7.14.0", "release: emr-6.9.0\nfamilies: [m7g]")
    found = findings(lambda: load_cluster("spark", specs))
    assert any(
        "families[0]: expected what emr-6.9.0 supports; found 'm7g', which needs emr-6.10.0 or later" in text
        for text in found
    )
    assert any("primary_type: expected what emr-6.9.0 supports" in text for text in found)


def test_release_without_types(specs: Path) -> None:
    path = specs / "clusters/spark.yml"
    change(path, "release: emr-7.14.0", "release: emr-5.36.0")
    found = findings(lambda: load_cluster("spark", specs))
    assert any("release: expected a release with types of arm64 in emr_specs/instances" in text for text in found)


def test_a_cluster_is_held_against_every_region(specs: Path) -> None:
    here = json.loads((specs / "instances/us-east-1.json").read_text())
    there = {**here, "region": "eu-west-1", "types": [each for each in here["types"] if each["type"][:4] == "m5.x"]}
    (specs / "instances/eu-west-1.json").write_text(json.dumps(there))
    found = findings(lambda: load_cluster("spark", specs))
    assert found
    assert all("emr_specs/instances/eu-west-1.json" in text for text in found)
