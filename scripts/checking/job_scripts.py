"""The rules about the Spark scripts of jobs."""

import ast
import re
import sys
from collections.abc import Iterator

from lambdas.specs import Job, Step
from lambdas.specs.catalogue import allowed_types
from lambdas.specs.cluster import SIZED_PROPERTIES
from lambdas.specs.paths import job_folder
from scripts.checking.python_files import Script, keyword, literal, methods, script_files, scripts, syntax_error
from scripts.checking.releases import python_version
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs

# What Spark brings, and what EMR has installed for its own tools on one release or another.
_INSTALLED = frozenset({"pyspark", "py4j", "numpy", "boto3", "botocore", "yaml", "requests", "dateutil", "pytz", "six"})

# https://spark.apache.org/docs/latest/configuration.html#application-properties
_MEMORY = re.compile(r"(?i)\s*([0-9]+)\s*(k|m|g|t)b?\s*")
_MIB = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024**2}
LEAST_OVERHEAD_MIB = 384
OVERHEAD_SHARE = 0.1

_WRITERS = frozenset({"parquet", "csv", "json", "orc", "text", "save", "saveAsTable"})
_SAVE_MODES = "https://spark.apache.org/docs/latest/sql-data-sources-load-save-functions.html#save-modes"
_EXECUTOR_MEMORY = "spark.executor.memory"

# https://spark.apache.org/docs/latest/configuration.html#runtime-sql-configuration
_OVERWRITE_MODE = "spark.sql.sources.partitionOverwriteMode"


def _syntax_errors(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, cluster, step, path in script_files(specs):
        if error := syntax_error(path, cluster):
            line, what = error
            major, minor = python_version(cluster.release)
            place = specs.of_script(job.name, step.script, line)
            yield place, f"{what}; {cluster.release} runs it with Python {major}.{minor}"


def _masters(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        for call in script.calls("master", "setMaster"):
            if "builder" in methods(call) or methods(call)[0] == "setMaster":
                yield _place(specs, script, call), f"the master is {_written(call)}"
        for name, value, call in _settings(script):
            if name in ("spark.master", "spark.submit.deployMode"):
                yield _place(specs, script, call), f"{name} is {value!r}"


def _sized(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        for name, value, call in _settings(script):
            if name in SIZED_PROPERTIES["spark-defaults"]:
                yield _place(specs, script, call), f"{name} is {value!r}"


def _large_executors(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        for catalogue in specs.catalogues.values():
            most = max(each.yarn_memory_mib for each in allowed_types(catalogue, script.cluster))
            for name, value, call in _settings(script):
                needed = container_mib(str(value)) if name == _EXECUTOR_MEMORY else None
                if needed and needed > most:
                    yield (
                        _place(specs, script, call),
                        f"an executor of {value} takes {needed:,} MiB with its overhead; YARN has {most:,} MiB on the "
                        f"largest type of {script.cluster.name!r}",
                    )


def container_mib(memory: str) -> int | None:
    """Return what YARN must have for an executor with so much memory, as ``spark.executor.memory`` has it."""
    found = _MEMORY.fullmatch(memory)
    if found is None:
        return None
    heap = int(int(found[1]) * _MIB[found[2].lower()])
    return heap + max(LEAST_OVERHEAD_MIB, int(heap * OVERHEAD_SHARE))


def _missing_modules(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        if script.cluster.bootstrap_actions or _ships_files(script):
            continue
        for name, node in _imports(script.tree):
            is_here = name in _INSTALLED or name in sys.stdlib_module_names or _is_sibling(specs, script, name)
            if not is_here:
                yield _place(specs, script, node), f"{name} is not installed on {script.cluster.release}"


def _siblings(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        if not _ships_files(script):
            for name, node in _imports(script.tree):
                if _is_sibling(specs, script, name):
                    yield _place(specs, script, node), f"{name} lies beside the script"


def _is_sibling(specs: Specs, script: Script, name: str) -> bool:
    folder = job_folder(script.job.name, specs.root)
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir()


def _ships_files(script: Script) -> bool:
    return any(True for _ in script.calls("addPyFile", "addArtifacts", "addArtifact"))


def _imports(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Yield what a script cannot do without: what it imports outside of functions and ``try``."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for each in node.names:
                yield each.name.partition(".")[0], node
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node


def _unknown_arguments(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        known = _options(script)
        if known is None:
            continue
        for number, step in enumerate(script.job.steps):
            for place, arg in enumerate(step.args):
                name = arg.partition("=")[0]
                # argparse takes an option by its first letters too.
                if (
                    step.script == script.step.script
                    and arg.startswith("--")
                    and not any(o.startswith(name) for o in known)
                ):
                    where = specs.of_job(script.job.name, "steps", number, "args", place)
                    yield where, f"{step.script} knows {', '.join(sorted(known)) or 'no options'}, not {name}"


def _missing_arguments(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        known = _options(script) or {}
        for number, step in enumerate(script.job.steps):
            given = {arg.partition("=")[0] for arg in step.args}
            for name, is_required in known.items():
                if step.script == script.step.script and is_required and name not in given:
                    where = specs.of_job(script.job.name, "steps", number, "args")
                    yield where, f"{step.script} requires {name}, which step {step.name!r} does not give"


def _options(script: Script) -> dict[str, bool] | None:
    """Return the options of a script's one parser, and whether each is required; ``None`` when it cannot be told."""
    parsers = sum(1 for _ in script.calls("ArgumentParser"))
    is_opaque = any(True for _ in script.calls("parse_known_args", "add_subparsers"))
    if parsers != 1 or is_opaque or any(keyword(call, "parents") for call in script.calls("ArgumentParser")):
        return None
    options: dict[str, bool] = {}
    for call in script.calls("add_argument"):
        names = [literal(each) for each in call.args]
        if not all(isinstance(name, str) for name in names):
            return None
        is_required = literal(keyword(call, "required")) is True
        long = [str(name) for name in names if str(name).startswith("--")]
        options |= {name: is_required and len(names) == 1 for name in long}
    return options


def _without_mode(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        for call in script.calls(*_WRITERS):
            chained = methods(call)
            has_mode = "mode" in chained or keyword(call, "mode") is not None or len(call.args) > 1
            if "write" in chained and not has_mode:
                yield _place(specs, script, call), f"write...{chained[0]}() without a mode"


def _appending(specs: Specs) -> Iterator[tuple[Place, str]]:
    for script in scripts(specs):
        for call in script.calls("mode", *_WRITERS):
            modes = [literal(keyword(call, "mode")), *(literal(each) for each in call.args[:1] if _is_mode(call))]
            if "append" in modes:
                yield _place(specs, script, call), "it appends"


def _is_mode(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "mode"


def _settings(script: Script) -> Iterator[tuple[str, object, ast.Call]]:
    """Yield the properties of Spark a script sets itself, as far as it writes them out."""
    for call in script.calls("config", "set"):
        if len(call.args) == 2 and isinstance(name := literal(call.args[0]), str) and name.startswith("spark."):
            yield name, literal(call.args[1]), call


def replaces_partitions(specs: Specs, job: Job, step: Step) -> bool:
    """Whether what a step overwrites is only the partitions it has data for, as its cluster or its script sets it."""
    cluster = specs.clusters.get(job.cluster)
    modes: list[object] = [cluster.configurations.get("spark-defaults", {}).get(_OVERWRITE_MODE)] if cluster else []
    for script in scripts(specs):
        if script.job.name == job.name and script.path.name == step.script:
            modes += [value for name, value, _ in _settings(script) if name == _OVERWRITE_MODE]
            options = [tuple(map(literal, call.args)) for call in script.calls("option") if len(call.args) == 2]
            modes += [value for name, value in options if name == _OVERWRITE_MODE.rpartition(".")[2]]
    return any(str(mode).lower() == "dynamic" for mode in modes)


def _written(call: ast.Call) -> str:
    return ast.unparse(call.args[0]) if call.args else "nothing"


def _place(specs: Specs, script: Script, node: ast.expr | ast.stmt) -> Place:
    line = node.lineno if isinstance(node, ast.stmt) else node.end_lineno
    return specs.of_script(script.job.name, script.step.script, line or node.lineno)


SCRIPT_RULES = (
    Rule(
        id="script-syntax",
        severity="error",
        why="The step fails when it starts, minutes after the cluster was paid for.",
        fix="Mend it, or write it for the Python of the release.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-app-versions-7.x.html",
        find=_syntax_errors,
    ),
    Rule(
        id="script-sets-master",
        severity="error",
        why="A master in the script beats that of spark-submit: with local[*] the driver does it all alone.",
        fix="Leave it out; the local cloud and EMR each set their own.",
        link="https://spark.apache.org/docs/latest/submitting-applications.html",
        find=_masters,
    ),
    Rule(
        id="script-sets-size",
        severity="warning",
        why="It overrides the size of the run, or comes too late: the driver's memory is set before it starts.",
        fix="Leave it out, so that the size, its receipt and the retries with more memory hold.",
        link="https://spark.apache.org/docs/latest/configuration.html",
        find=_sized,
    ),
    Rule(
        id="executor-larger-than-node",
        severity="error",
        why="YARN never grants a container larger than a node: the step fails, or waits until its timeout.",
        fix="Leave spark.executor.memory to the size of the run.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html",
        find=_large_executors,
    ),
    Rule(
        id="module-not-installed",
        severity="warning",
        why="The step fails at its first line, minutes after the cluster was paid for.",
        fix="Install it in a bootstrap action, or do without it.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html",
        find=_missing_modules,
    ),
    Rule(
        id="module-not-shipped",
        severity="error",
        why="spark-submit gets the script alone; files beside it are not on the cluster.",
        fix="Put what it needs into the script, or add the file with SparkContext.addPyFile.",
        link="https://spark.apache.org/docs/latest/submitting-applications.html",
        find=_siblings,
    ),
    Rule(
        id="argument-unknown",
        severity="error",
        why="argparse ends the script with status 2 before it does anything.",
        fix="Add the option to the script, or take it out of the step.",
        link="https://docs.python.org/3/library/argparse.html",
        find=_unknown_arguments,
    ),
    Rule(
        id="argument-missing",
        severity="error",
        why="argparse ends the script with status 2 before it does anything.",
        fix="Give the option in the step's args.",
        link="https://docs.python.org/3/library/argparse.html",
        find=_missing_arguments,
    ),
    Rule(
        id="write-without-mode",
        severity="warning",
        why="Without a mode Spark fails when the folder exists, as it may when a failed run is tried again.",
        fix='Say mode("overwrite").',
        link=_SAVE_MODES,
        find=_without_mode,
    ),
    Rule(
        id="write-appends",
        severity="warning",
        why="A run that is tried again appends the rows a second time.",
        fix='Write to a folder of the run with mode("overwrite").',
        link=_SAVE_MODES,
        find=_appending,
    ),
)
