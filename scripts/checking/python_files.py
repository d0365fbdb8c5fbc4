"""The Python scripts of jobs as syntax trees: what they import, call and understand as arguments."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lambdas.specs import Cluster, Job, Step
from lambdas.specs.paths import job_folder
from scripts.checking.releases import python_version
from scripts.checking.specs import Specs


@dataclass(frozen=True)
class Script:
    """A script of a job that can be parsed.

    Attributes
    ----------
    step
        The first step that runs it.
    """

    job: Job
    cluster: Cluster
    step: Step
    path: Path
    tree: ast.Module

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """Yield the calls of methods with one of these names."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
                yield node


def scripts(specs: Specs) -> Iterator[Script]:
    """Yield every script of every job once, but those with a syntax error."""
    for job, cluster, step, path in script_files(specs):
        try:
            tree = parse(path, cluster)
        except SyntaxError:
            continue
        yield Script(job, cluster, step, path, tree)


def script_files(specs: Specs) -> Iterator[tuple[Job, Cluster, Step, Path]]:
    """Yield every script of every job once, with the first step that runs it."""
    for job, cluster in specs.complete:
        first = {step.script: step for step in reversed(job.steps)}
        for name, step in first.items():
            yield job, cluster, step, job_folder(job.name, specs.root) / name


def parse(path: Path, cluster: Cluster) -> ast.Module:
    """Parse a script as the Python of a cluster's release does.

    Raises
    ------
    SyntaxError
        It is no Python, or a newer one.
    """
    text = path.read_text(encoding="utf-8")
    return ast.parse(text, path.name, feature_version=python_version(cluster.release))


def syntax_error(path: Path, cluster: Cluster) -> tuple[int, str] | None:
    """Return the line and what is wrong with a script that cannot be parsed."""
    try:
        parse(path, cluster)
    except SyntaxError as error:
        return _line_of_newer(path) or error.lineno or 1, error.msg
    return None


def _line_of_newer(path: Path) -> int | None:
    """Return the line of what only newer Pythons know; the parser names the last one of the file instead."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return None
    return min((node.lineno for node in ast.walk(tree) if isinstance(node, ast.Match | ast.TryStar)), default=None)


def literal(node: ast.AST | None) -> object:
    """Return a literal's value; ``None`` when it is none."""
    return node.value if isinstance(node, ast.Constant) else None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return an argument given by its name."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def chain(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a call is made on, and what that is made on, inwards: ``a.b().c`` from ``c`` to ``a``."""
    while isinstance(node, ast.Attribute | ast.Call):
        yield node
        node = node.func if isinstance(node, ast.Call) else node.value
    yield node


def methods(node: ast.AST) -> list[str]:
    """Return the names of all attributes along a chain, the last one first."""
    return [each.attr for each in chain(node) if isinstance(each, ast.Attribute)]
