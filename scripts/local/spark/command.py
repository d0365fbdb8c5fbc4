"""From the arguments of an EMR step to a `spark-submit` for local mode.

What sizes or places a job on a cluster is dropped, what belongs to the job is kept:
the local run has one JVM with the memory this machine can spare.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

S3_URI = re.compile(r"s3[an]?://(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL)

_SUPPORTED = (
    'the local cloud runs `command-runner.jar` with ["spark-submit", options..., "s3://bucket/key.py", arguments...]'
)

_FLAGS = frozenset({"--supervise", "--verbose", "-v"})
_DROPPED_OPTIONS = frozenset(
    {
        "--deploy-mode",
        "--driver-cores",
        "--driver-memory",
        "--executor-cores",
        "--executor-memory",
        "--keytab",
        "--master",
        "--num-executors",
        "--principal",
        "--proxy-user",
        "--queue",
        "--total-executor-cores",
    }
)
_FILE_OPTIONS = frozenset({"--archives", "--files", "--jars", "--py-files"})
_KEPT_OPTIONS = frozenset(
    {
        "--class",
        "--driver-class-path",
        "--driver-java-options",
        "--driver-library-path",
        "--exclude-packages",
        "--name",
        "--packages",
        "--repositories",
    }
)
_CONF_OPTIONS = frozenset({"--conf", "-c"})
_UNSUPPORTED_OPTIONS = frozenset({"--kill", "--properties-file", "--remote", "--status"})
_VALUED = _DROPPED_OPTIONS | _FILE_OPTIONS | _KEPT_OPTIONS | _CONF_OPTIONS | _UNSUPPORTED_OPTIONS

_FILE_SETTINGS = frozenset({"spark.archives", "spark.files", "spark.jars", "spark.submit.pyFiles"})
_CLUSTER_SETTINGS = frozenset(
    {
        "spark.cores.max",
        "spark.driver.cores",
        "spark.driver.memory",
        "spark.driver.memoryOverhead",
        "spark.driver.memoryOverheadFactor",
        "spark.kerberos.keytab",
        "spark.kerberos.principal",
        "spark.master",
        "spark.submit.deployMode",
        "spark.task.cpus",
    }
)
_CLUSTER_PREFIXES = ("spark.dynamicAllocation.", "spark.executor.", "spark.shuffle.service.", "spark.yarn.")


class UnsupportedStepError(ValueError):
    """A step the local cloud cannot run, or a `spark-submit` that no cluster would accept either."""


@dataclass(frozen=True)
class SparkCommand:
    """A step's `spark-submit`, ready for local mode.

    Attributes
    ----------
    options
        Options kept from the step, files mapped to their local copies; `--conf` is in `conf`.
    conf
        Spark settings the step gives with `--conf`, without those that only make sense on a cluster.
    application
        Local copy of the primary resource.
    app_args
        The application's own arguments, exactly as given.
    files
        Local copies of `--files` by the name under which YARN puts them beside the application.
    dropped
        What was left out, as it was written, for the log.
    """

    options: tuple[str, ...]
    conf: Mapping[str, str]
    application: Path
    app_args: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


def spark_submit_args(config: Mapping[str, object]) -> list[str]:
    """Take the arguments out of a step's `Config`, which must be a `command-runner.jar` one.

    Raises
    ------
    UnsupportedStepError
        If the step runs a jar of its own.
    """
    jar = str(config.get("Jar", ""))
    if jar.rpartition("/")[2] != "command-runner.jar":
        raise UnsupportedStepError(f"The step's jar is {jar!r}; {_SUPPORTED}.")
    args = config.get("Args") or []
    return [str(arg) for arg in args] if isinstance(args, Sequence) and not isinstance(args, str) else []


def is_cluster_setting(name: str) -> bool:
    """Tell whether a Spark setting sizes or places a job on a cluster, and so is dropped in local mode."""
    return name in _CLUSTER_SETTINGS or name.startswith(_CLUSTER_PREFIXES)


def translate(args: Sequence[str], locate: Callable[[str], Path]) -> SparkCommand:
    """Turn the arguments `command-runner.jar` gets into a `spark-submit` for local mode.

    Parameters
    ----------
    args
        `["spark-submit", "--deploy-mode", "cluster", ..., "s3://code/clean.py", ...]`.
    locate
        Gives the local copy of an `s3://` object; its error, if there is none, is passed on.

    Raises
    ------
    UnsupportedStepError
        If this is not a `spark-submit` the local cloud can run; the message says what it can.
    """
    if not args or args[0].rpartition("/")[2] != "spark-submit":
        raise UnsupportedStepError(f"The step runs {args[0] if args else 'nothing'!r}; {_SUPPORTED}.")
    rest = iter(args[1:])
    options: list[str] = []
    conf: dict[str, str] = {}
    files: dict[str, Path] = {}
    dropped: list[str] = []
    for name, value in _options(rest):
        if name == "":
            return SparkCommand(tuple(options), conf, _application(value, locate), tuple(rest), files, tuple(dropped))
        if name in _CONF_OPTIONS:
            key, setting = _setting(value)
            if is_cluster_setting(key):
                dropped.append(f"{name} {value}")
            else:
                conf[key] = _local_files(setting, locate) if key in _FILE_SETTINGS else setting
        elif name in _FILE_OPTIONS:
            options += [name, _local_files(value, locate)]
            if name == "--files":
                files |= _by_name(value, locate)
        elif name in _DROPPED_OPTIONS or name == "--supervise":
            dropped.append(f"{name} {value}".rstrip())
        else:
            options += [name] if name in _FLAGS else [name, value]
    raise UnsupportedStepError(f"The step's spark-submit names no application: {' '.join(args)!r}; {_SUPPORTED}.")


def _options(rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield (option, value) as spark-submit reads them, then ("", primary resource)."""
    for arg in rest:
        if not arg.startswith("-"):
            yield "", arg
            return
        joined = re.fullmatch(r"(--[^=]+)=(.+)", arg, re.DOTALL)
        name = joined[1] if joined else arg
        if name in _FLAGS and not joined:
            yield name, ""
            continue
        if name in _UNSUPPORTED_OPTIONS or name not in _VALUED:
            raise UnsupportedStepError(f"spark-submit option {name!r} is not supported here; known are {_known()}.")
        value = joined[2] if joined else next(rest, None)
        if value is None:
            raise UnsupportedStepError(f"spark-submit option {name!r} has no value: it is the step's last argument.")
        yield name, value


def _known() -> str:
    return ", ".join(sorted((_VALUED - _UNSUPPORTED_OPTIONS) | _FLAGS))


def _setting(value: str) -> tuple[str, str]:
    key, equals, setting = value.partition("=")
    if not equals or not key:
        raise UnsupportedStepError(f"spark-submit --conf {value!r} is not of the form name=value.")
    return key, setting


def _application(uri: str, locate: Callable[[str], Path]) -> Path:
    if not S3_URI.fullmatch(uri):
        raise UnsupportedStepError(
            f"The step's application {uri!r} is not an s3:// object: files of a cluster's own nodes do not exist here."
        )
    return locate(uri)


def _local_files(value: str, locate: Callable[[str], Path]) -> str:
    return ",".join(_local_file(each, locate) for each in value.split(",") if each)


def _by_name(value: str, locate: Callable[[str], Path]) -> dict[str, Path]:
    parts = [each.partition("#") for each in value.split(",") if S3_URI.fullmatch(each)]
    return {alias or plain.rpartition("/")[2]: locate(plain) for plain, _, alias in parts}


def _local_file(uri: str, locate: Callable[[str], Path]) -> str:
    if not S3_URI.fullmatch(uri):
        return uri
    plain, hash_sign, alias = uri.partition("#")
    return f"{locate(plain)}{hash_sign}{alias}"
