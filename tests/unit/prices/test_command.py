import datetime
import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from lambdas.specs import SPECS, load_catalogue, load_cluster
from scripts.prices import command
from scripts.prices.errors import PricesError
from tests.unit.prices.fakes import FakeAws, described, ec2_product, emr_product, gp3_product, spot

SIZES = {"xlarge": 4, "2xlarge": 8}
FAMILIES = ("m7g",)
TYPES = len(FAMILIES) * len(SIZES)


@pytest.fixture
def specs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the specs, which the command takes for its own, with one cluster."""
    root = tmp_path / "emr_specs"
    shutil.copytree(SPECS / "instances", root / "instances")
    (root / "clusters").mkdir()
    shutil.copy(SPECS / "clusters/spark.yml", root / "clusters")
    monkeypatch.setattr(command, "SPECS", root)
    monkeypatch.setattr(command, "load_catalogue", partial(load_catalogue, root=root))
    monkeypatch.setattr(command, "load_cluster", partial(load_cluster, root=root))
    return root


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Two sizes of every family the cluster spec names, at other prices."""
    types = {f"{family}.{size}": vcpu for family in FAMILIES for size, vcpu in SIZES.items()}
    fake = FakeAws(
        supported={"emr-7.14.0": list(types)},
        types=[described(name, vcpu) for name, vcpu in types.items()],
        products=[
            *(ec2_product(name, "0.5") for name in types),
            *(emr_product(name, "0.1") for name in types),
            gp3_product("0.08"),
        ],
        history=[],
    )
    monkeypatch.setattr(command, "clients_of", lambda region: fake.clients)
    return fake


def run(*args: str) -> str:
    result = CliRunner().invoke(command.prices, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def written(specs: Path) -> str:
    return (specs / "instances/us-east-1.json").read_text()


def test_refresh(aws: FakeAws, specs: Path) -> None:
    output = run("refresh")
    assert output.startswith(f"us-east-1: {TYPES} types written\n  removed: m5.xlarge, ")
    assert "m7g.xlarge" in output
    catalogue = load_catalogue("us-east-1", specs)
    assert [str(known.ec2_usd_per_hour) for known in catalogue.types] == ["0.5"] * TYPES
    assert json.loads(run("refresh", "--json")) == {
        "dry_run": False,
        "regions": [{"region": "us-east-1", "types": TYPES, "added": [], "removed": [], "moves": []}],
    }


def test_dry_run_writes_nothing(aws: FakeAws, specs: Path) -> None:
    before = written(specs)
    document = json.loads(run("refresh", "--dry-run", "--json"))
    assert written(specs) == before
    moved = {(move["type"], move["price"]): (move["before"], move["after"]) for move in document["regions"][0]["moves"]}
    assert moved["m7g.xlarge", "ec2_usd_per_hour"] == ("0.1632", "0.5")


def without(aws: FakeAws, name: str) -> None:
    aws.products = [each for each in aws.products if each["product"]["attributes"].get("instanceType") != name]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_nothing_is_written_when_one_region_lacks_something(aws: FakeAws, specs: Path, region: str) -> None:
    before = written(specs)
    if region == "us-east-1":
        without(aws, load_cluster("spark").primary_type)
    with pytest.raises(PricesError):
        run("refresh", "--region", "us-east-1", "--region", region)
    assert written(specs) == before
    assert sorted(path.name for path in (specs / "instances").iterdir()) == ["us-east-1.json"]


def test_nothing_is_written_when_a_source_fails(aws: FakeAws, specs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(asked: object) -> list[object]:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DescribeSpotPriceHistory")

    before = written(specs)
    monkeypatch.setattr(aws, "describe_spot_price_history", denied)
    with pytest.raises(ClientError):
        run("refresh")
    assert written(specs) == before


def test_a_new_region(aws: FakeAws, specs: Path) -> None:
    aws.products = json.loads(json.dumps(aws.products).replace("us-east-1", "eu-west-1"))
    output = run("refresh", "--region", "eu-west-1")
    assert f"eu-west-1: {TYPES} types written" in output
    assert load_catalogue("eu-west-1", specs).region == "eu-west-1"


def test_show(aws: FakeAws, specs: Path) -> None:
    output = run("show")
    assert "us-east-1: 241 types, prices of 2026-02-09" in output
    assert "more than 90 days old" in output
    assert "slow-lambda prices refresh --region us-east-1" in output
    assert len(json.loads(run("show", "--json"))[0]["types"]) == 241


def test_show_what_is_fresh(aws: FakeAws, specs: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    aws.history = [{**spot("m7g.xlarge", 0, "0.0712"), "Timestamp": now - datetime.timedelta(days=1)}]
    run("refresh")
    output = run("show", "--region", "us-east-1")
    assert "0 days old" in output
    assert "more than" not in output
    assert "0.0712" in output
