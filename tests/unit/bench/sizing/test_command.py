import itertools
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scripts.bench.sizing import protocol
from scripts.bench.sizing.command import PROTOCOLS, sizing
from scripts.bench.sizing.errors import MeasurementsError
from scripts.bench.sizing.methods import METHODS, ORACLE
from scripts.bench.sizing.plots import labels_apart
from tests.unit.bench.sizing.tiny import write

app = typer.Typer()
app.command()(sizing)


def test_own_set_with_pictures(tmp_path: Path) -> None:
    arguments = ["--protocol", "warm,cold", "--per-job", "1", "--seeds", "1", "--jobs", "sort,join"]
    done = CliRunner().invoke(app, [*arguments, "--json", "--plots", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["data"] is None
    assert {group["protocol"] for group in document["groups"]} == {"warm", "cold"}
    for group in document["groups"]:
        assert set(group["methods"]) == {*METHODS, ORACLE}
        assert (group["methods"][ORACLE]["hit"], group["methods"][ORACLE]["eff_mean"]) == (1, 1)
        assert all(method["invalid"] == 0 for method in group["methods"].values())
    drawn = sorted(Path(file).name for file in document["plots"])
    assert drawn == ["expected.svg", "past-runs-aws.svg"]
    for file in document["plots"]:
        assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_folder_as_tables(tmp_path: Path) -> None:
    arguments = ["--protocol", "same", "--salt", "0,1", "--per-job", "1", "--seeds", "1"]
    done = CliRunner().invoke(app, ["--data", str(write(tmp_path)), *arguments])
    assert done.exit_code == 0, done.output
    assert "same, aws, under a limit: effective cost | hit" in done.stdout
    assert "1.00 ±0.00 | 1.00" in done.stdout  # the oracle
    assert "computed set" not in done.stdout
    assert "cases" in done.stderr


def test_help_names_all_protocols() -> None:
    assert tuple(protocol.PROTOCOLS) == PROTOCOLS


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    unknown = CliRunner().invoke(app, ["--protocol", "warm,tepid"])
    assert unknown.exit_code == 2
    assert "no protocol tepid" in unknown.stderr
    nobody = CliRunner().invoke(app, ["--jobs", "nobody"])
    assert nobody.exit_code == 2
    assert "nothing to ask" in nobody.stderr
    with pytest.raises(MeasurementsError, match="is no folder with files"):
        CliRunner().invoke(app, ["--data", str(tmp_path)], catch_exceptions=False)


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 10), min_size=1, max_size=9), st.floats(0.01, 1))
def test_labels_have_room_and_keep_their_order(heights: dict[str, float], room: float) -> None:
    placed = labels_apart(heights, room)
    order = sorted(heights, key=heights.__getitem__)
    for lower, upper in itertools.pairwise(order):
        assert placed[upper] - placed[lower] >= room * (1 - 1e-6)
    assert sum(placed.values()) == pytest.approx(sum(heights.values()), abs=1e-6)
