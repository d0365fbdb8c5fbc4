"""Draw the pictures of README.md: ``python -m scripts.pictures`` (``make pictures``; needs graphviz).

One is the state graph of the example job's rendered definition, the other what ``slow-lambda demo`` really printed.
"""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from lambdas.specs import load_cluster, load_job
from scripts.demo.run import JOB
from scripts.rendering.machine import render_machine
from scripts.rendering.paths import ROOT

PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 118
# The value a choice's condition compares with.
_COMPARED = re.compile(r"= '([^']+)' ")
_GOOD, _BAD = "#e3f2e1", "#fde0dc"


def graph(definition: dict[str, Any]) -> str:
    """Write a definition as a graph in the DOT language: solid lines for what is next, dashed ones for what is caught.

    Parameters
    ----------
    definition
        Amazon States Language.
    """
    lines = ["digraph {", 'node [shape=box style="rounded,filled" fillcolor=white fontname="DejaVu Sans" fontsize=11]']
    lines.append('edge [fontname="DejaVu Sans" fontsize=9]')
    lines.append('nodesep=0.35 ranksep=0.32 compound=true fontname="DejaVu Sans" fontsize=11')
    lines.append('start [shape=circle label="" width=0.2 fillcolor=black]')
    states = definition["States"]
    lines.append(_edge("start", definition["StartAt"], states))
    good = _success_path(definition)
    for name, state in states.items():
        lines += _state(name, states, _GOOD if name in good else _BAD)
        if state["Type"] == "Parallel":
            lines += _branches(name, state)
    return "\n".join([*lines, "}"])


def _branches(name: str, state: dict[str, Any]) -> list[str]:
    """Write a Parallel state as a box around its branches."""
    inside = [
        line
        for branch in state["Branches"]
        for inner in branch["States"]
        for line in _state(inner, branch["States"], _GOOD)
    ]
    return [f'subgraph "cluster {name}" {{ label="{name}" style=rounded color="#9e9e9e"', *inside, "}"]


def _edge(source: str, target: str, states: dict[str, Any], attributes: str = "") -> str:
    """Write an edge; one from or to a Parallel state ends at its box."""
    ends = {source: "", target: ""}
    for name, side in ((source, "ltail"), (target, "lhead")):
        if states.get(name, {}).get("Type") == "Parallel":
            ends[name] = states[name]["Branches"][0]["StartAt"]
            attributes += f' {side}="cluster {name}"'
    return f'"{ends[source] or source}" -> "{ends[target] or target}" [{attributes.strip()}]'


def _success_path(definition: dict[str, Any]) -> set[str]:
    """Return the states on a way from the start to a success on which nothing is caught."""
    states = definition["States"]
    following = {name: {target for target, _ in _transitions(state)} for name, state in states.items()}
    reached = _reach({definition["StartAt"]}, following)
    before = {name: {other for other in states if name in following[other]} for name in states}
    return reached & _reach({name for name, state in states.items() if state["Type"] == "Succeed"}, before)


def _reach(start: set[str], following: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    while fresh := start - reached:
        reached |= fresh
        start = {target for name in fresh for target in following[name]}
    return reached


def _transitions(state: dict[str, Any]) -> list[tuple[str, str]]:
    """Return where a state leads when nothing fails, with what to write beside it; one line for each target."""
    found: dict[str, str] = {}
    for choice in state.get("Choices", []):
        compared = _COMPARED.search(choice["Condition"])
        found[choice["Next"]] = f" {compared[1]}" if compared else ""
    if "Default" in state:
        found.setdefault(state["Default"], " otherwise")
    if "Next" in state:
        found[state["Next"]] = ""
    return list(found.items())


def _state(name: str, states: dict[str, Any], colour: str) -> list[str]:
    state = states[name]
    shape = " shape=diamond height=0.9" if state["Type"] == "Choice" else ""
    lines = [] if state["Type"] == "Parallel" else [f'"{name}" [fillcolor="{colour}"{shape}]']
    lines += [_edge(name, target, states, f'label="{label}"') for target, label in _transitions(state)]
    for catcher in state.get("Catch", []):
        if catcher["Next"] != state.get("Next"):
            lines.append(_edge(name, catcher["Next"], states, 'style=dashed color="#b71c1c"'))
    return lines


def draw_graph(target: Path) -> None:
    """Draw the example job's state graph."""
    job = load_job(JOB)
    text = graph(json.loads(render_machine(job, load_cluster(job.cluster))))
    subprocess.run(["dot", "-Tsvg", "-o", str(target)], input=text, text=True, check=True)


def draw_demo(target: Path) -> None:
    """Run the demonstration and draw what it printed."""
    command = [str(Path(sys.executable).parent / "slow-lambda"), "demo"]
    # Colours, but none of the animation. https://rich.readthedocs.io/en/stable/console.html#environment-variables
    environment = os.environ | {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0", "COLUMNS": str(COLUMNS)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text("$ make demo"), Text.from_ansi(done.stdout), sep="\n")
    picture = console.export_svg(title="slow-lambda demo")
    # Viewers fall back to their own monospaced font instead of loading one from elsewhere.
    target.write_text(re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_graph(PICTURES / "state-machine.svg")
    draw_demo(PICTURES / "demo.svg")
