import datetime
import json
from decimal import Decimal
from pathlib import Path

import pytest

from lambdas.specs import SPECS, Cluster, load_catalogue, load_cluster
from lambdas.specs.catalogue import Catalogue
from scripts.prices.changes import Move, changes
from scripts.prices.document import as_document
from scripts.prices.errors import PricesError
from scripts.prices.refresh import refreshed
from tests.unit.prices.fakes import NOW, FakeAws, described, ec2_product, emr_product, gp3_product, spot

SPARK = load_cluster("spark").model_copy(
    update={"release": "emr-7.14.0", "primary_type": "m7g.xlarge", "families": ("m7g",), "architecture": "arm64"}
)
OLD = load_catalogue("us-east-1")


@pytest.fixture
def aws() -> FakeAws:
    """Of m7g three sizes; m6gd with disks; what no catalogue has: bare metal, few cores, other families."""
    names = ["m7g.xlarge", "m7g.2xlarge", "m7g.4xlarge", "m6gd.xlarge"]
    other = ["m7g.large", "m7g.metal", "p3.2xlarge"]
    return FakeAws(
        supported={"emr-7.14.0": [*names, *other]},
        types=[
            described("m7g.metal", 64, metal=True),
            described("m7g.large", 2),
            described("p3.2xlarge", 8, "x86_64"),
            *(described(name, 4 * int(name.partition(".")[2].removesuffix("xlarge") or 1)) for name in names[:3]),
            described("m6gd.xlarge", 4, disks_gb=237),
        ],
        products=[
            *(ec2_product(name, "0.2000000000") for name in [*names, *other]),
            *(emr_product(name, "0.0500000000") for name in [*names, *other]),
            ec2_product("m7g.xlarge", "0.9", operatingSystem="Windows"),
            ec2_product("m7g.xlarge", "0.8", tenancy="Dedicated"),
            ec2_product("m7g.xlarge", "0.7", regionCode="eu-west-1"),
            ec2_product("m7g.xlarge", "0.0", capacitystatus="AllocatedCapacityReservation"),
            emr_product("m7g.xlarge", "0.6", softwareType="MapR M3"),
            gp3_product("0.08"),
        ],
        history=[spot("m7g.xlarge", 400, "0.07"), spot("m7g.xlarge", 24, "0.09"), spot("p3.2xlarge", 24, "1")],
    )


def refresh(aws: FakeAws, old: Catalogue | None = None, cluster: Cluster = SPARK) -> Catalogue:
    return refreshed("us-east-1", aws.clients, old, [cluster], NOW)


def test_a_catalogue_from_nothing(aws: FakeAws) -> None:
    catalogue = refresh(aws)
    assert [known.type for known in catalogue.types] == ["m6gd.xlarge", "m7g.xlarge", "m7g.2xlarge", "m7g.4xlarge"]
    assert catalogue.prices_as_of == datetime.date(2026, 11, 20)
    assert catalogue.ebs_gp3_usd_per_gib_month == Decimal("0.08")
    with_disks, small = catalogue.types[:2]
    assert (with_disks.ebs_gib, with_disks.instance_store_gib, with_disks.spot_usd_per_hour) == (0, 220, None)
    assert small.model_dump() == {
        "type": "m7g.xlarge",
        "vcpu": 4,
        "memory_gib": 16,
        "yarn_memory_mib": 11712,
        "arch": "arm64",
        "ec2_usd_per_hour": Decimal("0.2"),
        "emr_usd_per_hour": Decimal("0.05"),
        "spot_usd_per_hour": Decimal("0.07"),
        "ebs_mbps": 120,
        "ebs_gib": 64,
        "instance_store_gib": 0,
        "since": "emr-7.14.0",
    }


def test_what_is_known_of_a_type_stays(aws: FakeAws) -> None:
    known = OLD.get("m7g.xlarge").model_copy(update={"yarn_memory_mib": 10000, "ebs_gib": 100, "since": "emr-6.10.0"})
    new = refresh(aws, OLD.model_copy(update={"types": (known,)}))
    assert (new.get("m7g.xlarge").yarn_memory_mib, new.get("m7g.xlarge").ebs_gib) == (10000, 100)
    assert new.get("m7g.xlarge").since == "emr-6.10.0"
    assert new.get("m7g.2xlarge").since == "emr-7.14.0"


def test_the_first_release_that_has_a_type(aws: FakeAws) -> None:
    aws.supported["emr-7.2.0"] = ["m7g.xlarge"]
    older = SPARK.model_copy(update={"release": "emr-7.2.0"})
    catalogue = refreshed("us-east-1", aws.clients, None, [SPARK, older], NOW)
    assert {known.type: known.since for known in catalogue.types if known.family == "m7g"} == {
        "m7g.xlarge": "emr-7.2.0",
        "m7g.2xlarge": "emr-7.14.0",
        "m7g.4xlarge": "emr-7.14.0",
    }


def test_what_a_release_does_not_have_is_left_out(aws: FakeAws) -> None:
    aws.supported["emr-7.14.0"].remove("m7g.4xlarge")
    assert "m7g.4xlarge" not in {known.type for known in refresh(aws, OLD).types}


def without(aws: FakeAws, service: str, name: str) -> None:
    gone = {"servicecode": service, "instanceType": name}.items()
    aws.products = [each for each in aws.products if not gone <= each["product"]["attributes"].items()]


@pytest.mark.parametrize("service", ["AmazonEC2", "ElasticMapReduce"])
def test_no_price_of_a_type_in_use(aws: FakeAws, service: str) -> None:
    without(aws, service, "m7g.2xlarge")
    with pytest.raises(PricesError, match=r"us-east-1 lacks .*: m7g\.2xlarge$"):
        refresh(aws)


def test_no_primary_type(aws: FakeAws) -> None:
    with pytest.raises(PricesError, match=r": r7g\.xlarge$"):
        refresh(aws, cluster=SPARK.model_copy(update={"primary_type": "r7g.xlarge"}))


def test_no_price_of_another_type(aws: FakeAws) -> None:
    without(aws, "ElasticMapReduce", "m6gd.xlarge")
    assert "m6gd.xlarge" not in {known.type for known in refresh(aws).types}


def test_two_prices(aws: FakeAws) -> None:
    aws.products.append(emr_product("m7g.xlarge", "0.07"))
    with pytest.raises(PricesError, match=r"ElasticMapReduce has two prices of m7g\.xlarge: 0\.05\d* and 0\.07"):
        refresh(aws)


def test_a_region_without_prices(aws: FakeAws) -> None:
    with pytest.raises(PricesError, match="no price of gp3 volumes in mars-1"):
        refreshed("mars-1", aws.clients, None, [SPARK], NOW)


def test_a_catalogue_is_read_back_as_it_was(aws: FakeAws, tmp_path: Path) -> None:
    new = refresh(aws)
    (tmp_path / "emr_specs" / "instances").mkdir(parents=True)
    path = tmp_path / "emr_specs/instances/us-east-1.json"
    path.write_text(as_document(new))
    assert load_catalogue("us-east-1", tmp_path / "emr_specs") == new
    lines = path.read_text().splitlines()
    assert [json.loads(line.rstrip(","))["type"] for line in lines if '"vcpu"' in line] == [
        known.type for known in new.types
    ]


def test_the_shipped_catalogue_is_as_it_is_written() -> None:
    assert as_document(OLD) == (SPECS / "instances/us-east-1.json").read_text()


def test_changes(aws: FakeAws) -> None:
    old = refresh(aws)
    aws.products.append(ec2_product("m7g.8xlarge", "1.5"))
    aws.products.append(emr_product("m7g.8xlarge", "0.3"))
    aws.types.append(described("m7g.8xlarge", 32))
    aws.supported["emr-7.14.0"] = [*aws.supported["emr-7.14.0"], "m7g.8xlarge"]
    aws.supported["emr-7.14.0"].remove("m6gd.xlarge")
    without(aws, "AmazonEC2", "m7g.xlarge")
    without(aws, "ElasticMapReduce", "m7g.xlarge")
    aws.products += [ec2_product("m7g.xlarge", "0.21"), emr_product("m7g.xlarge", "0.0501")]
    aws.history = [spot("m7g.2xlarge", 1, "0.08")]
    found = changes(old, refresh(aws, old))
    assert (found.added, found.removed) == (("m7g.8xlarge",), ("m6gd.xlarge",))
    assert found.moves == (
        Move("m7g.xlarge", "ec2_usd_per_hour", Decimal("0.2"), Decimal("0.21")),
        Move("m7g.xlarge", "spot_usd_per_hour", Decimal("0.07"), None),
        Move("m7g.2xlarge", "spot_usd_per_hour", None, Decimal("0.08")),
    )
    assert not changes(old, old).moves
    assert len(changes(None, old).added) == len(old.types)


def test_a_family_in_use_that_is_gone(aws: FakeAws) -> None:
    with pytest.raises(PricesError, match=r": r7g$"):
        refresh(aws, cluster=SPARK.model_copy(update={"families": ("m7g", "r7g")}))
