import json
from pathlib import Path
from xml.etree import ElementTree

import typer
from typer.testing import CliRunner

from scripts.bench.scaling.command import scaling

app = typer.Typer()
app.command()(scaling)


def short_trace(folder: Path) -> str:
    path = folder / "short.csv"
    path.write_text("seconds,running,pending\n0,0,12\n1800,4,0\n2400,0,0\n")
    return str(path)


def test_json_with_pictures(tmp_path: Path) -> None:
    arguments = ["--policy", "yarn-memory", "--trace", short_trace(tmp_path), "--json"]
    done = CliRunner().invoke(app, [*arguments, "--pictures", str(tmp_path / "a")])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    (trace,) = document["traces"]
    assert (document["policy"], trace["trace"], trace["seconds"], trace["peak_containers"]) == (
        *("yarn-memory", "short"),
        *(2400, 12),
    )
    assert list(trace["alternatives"]) == ["yarn-memory", "managed", "fixed, minimum", "fixed, mean", "fixed, peak"]
    for figures in trace["alternatives"].values():
        assert figures["paid_h"] > figures["used_h"] > 0
        assert figures["usd"] > 0
    (file,) = document["pictures"]
    assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    again = CliRunner().invoke(app, [*arguments, "--pictures", str(tmp_path / "b")])
    (same,) = json.loads(again.stdout)["pictures"]
    assert Path(same).read_bytes() == Path(file).read_bytes()


def test_a_table_and_what_it_says(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--policy", "managed", "--trace", short_trace(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "short: 7 container-hours, 10 containers wanted on average and 12 at most, 40 min" in done.stdout
    assert "fixed, peak" in done.stdout
    assert "Cheapest is " in done.stdout


def test_what_cannot_be_played_is_said(tmp_path: Path) -> None:
    nowhere = CliRunner().invoke(app, ["--trace", "nowhere"])
    assert nowhere.exit_code == 2
    assert "shipped are burst" in " ".join(nowhere.stderr.split())
    unknown = CliRunner().invoke(app, ["--policy", "nobody", "--trace", "steady"])
    assert unknown.exit_code == 2
    assert "named 'nobody'" in unknown.stderr
