"""Runs the steps of local clusters as real `spark-submit` processes."""

import atexit
import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.local.emr.load import Load
from scripts.local.emr.runner import StepOutcome
from scripts.local.spark import logs, settings
from scripts.local.spark.class_data import ClassData
from scripts.local.spark.command import (
    SparkCommand,
    UnsupportedStepError,
    spark_submit_args,
    translate,
)
from scripts.local.spark.java import JavaNotFoundError, java_home
from scripts.local.spark.mirror import BucketMirror, MissingObjectError, Transfer
from scripts.local.spark.process import StepProcess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)

_CORES_PER_STEP = 2
# However few cores there are: steps that need nothing of one another run at the same time on EMR.
_LEAST_AT_ONCE = 2
_REFUSALS = (UnsupportedStepError, MissingObjectError, JavaNotFoundError, settings.SparkNotFoundError)


class RealTimeClock(Protocol):
    """A clock that can be made to keep pace with the real one."""

    def real_time(self) -> AbstractContextManager[Any]:
        """Run one virtual second per real one until left."""


@dataclass(frozen=True)
class _Step:
    """One step on its way: what EMR shows of it, and the folders it works in."""

    cluster: Mapping[str, Any]
    step: Mapping[str, Any]
    workdir: Path

    @property
    def id(self) -> str:
        return str(self.step["Id"])

    @property
    def folder(self) -> Path:
        return self.workdir / "steps" / f"{self.cluster['Id']}-{self.id}"

    @property
    def events(self) -> Path:
        return self.workdir / "events" / self.folder.name

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def scratch(self) -> Path:
        return self.folder / "tmp"

    @property
    def work(self) -> Path:
        return self.folder / "work"


class SparkRunner:
    """Runs a step's `spark-submit` in local mode over a mirror of the local S3; a `StepRunner` of the EMR engine.

    Each step has a thread, a cold process and, while it runs, a mirror of its own, so steps of several clusters do
    not see each other's unfinished work. As many run at once as the machine has pairs of cores; others wait.

    Parameters
    ----------
    endpoint_url
        The local S3.
    workdir
        Folder for mirrors, for steps while they run, and for the event logs of clusters that do not write theirs to
        S3, which stay in `<workdir>/events/<cluster id>-<step id>/`.
    class_data
        Folder that keeps the JVM's class data from one local cloud to the next.
    clock
        If given, its `real_time()` is held from the start of a step to its end.
    load
        The containers every step is taken to want, beside what its process really does.

    Examples
    --------
    >>> runner = SparkRunner("http://127.0.0.1:4566", Path("build/local"), Path("build/class-data"))  # doctest: +SKIP
    >>> cancel = runner.start(cluster, step, done)  # doctest: +SKIP
    """

    def __init__(
        self,
        endpoint_url: str,
        workdir: Path,
        class_data: Path,
        clock: RealTimeClock | None = None,
        load: Load = (),
    ) -> None:
        self._endpoint_url = endpoint_url
        self._workdir = workdir.resolve()
        self._class_data = class_data.resolve()
        self._clock = clock
        self._load = load
        self._at_once = max(_LEAST_AT_ONCE, (os.cpu_count() or 1) // _CORES_PER_STEP)
        self._slots = threading.BoundedSemaphore(self._at_once)
        self._lock = threading.Lock()
        self._mirrors: list[BucketMirror] = []
        self._mirrors_made = 0
        self._running: dict[threading.Thread, StepProcess] = {}
        self._s3 = _client(endpoint_url)
        atexit.register(self.close)

    def start(
        self, cluster: dict[str, Any], step: dict[str, Any], done: Callable[[StepOutcome], None]
    ) -> Callable[[], None]:
        """Start a step in the background.

        Parameters
        ----------
        cluster, step
            As DescribeCluster and DescribeStep show them.
        done
            Called once from the step's thread when it has ended, its results and logs are in S3; never after a cancel.

        Returns
        -------
        Callable
            Cancels the step: asks its processes to end, and kills what is left after five seconds. What the job had
            committed by then still goes to S3, as it would lie there on AWS.
        """
        process = StepProcess()
        begun = _Step(cluster, step, self._workdir)
        thread = threading.Thread(target=self._run, args=(begun, process, done), name=f"step {begun.id}", daemon=True)
        with self._lock:
            self._running[thread] = process
        thread.start()
        return process.stop

    def load(self, step: dict[str, Any]) -> Load:  # noqa: ARG002
        """Return the load of a step, which is that of all."""
        return self._load

    def close(self) -> None:
        """Kill all steps that still run, and wait until they are gone."""
        with self._lock:
            running = dict(self._running)
        for process in running.values():
            process.kill()
        for thread in running:
            if thread is not threading.current_thread():
                thread.join(timeout=30)
        atexit.unregister(self.close)

    def _run(self, step: _Step, process: StepProcess, done: Callable[[StepOutcome], None]) -> None:
        try:
            with self._clock.real_time() if self._clock else contextlib.nullcontext(), self._slots:
                outcome = self._outcome(step, process)
            if not process.stopped:
                done(outcome)
        finally:
            with self._lock:
                self._running.pop(threading.current_thread(), None)

    def _outcome(self, step: _Step, process: StepProcess) -> StepOutcome:
        for folder in (step.logs, step.scratch, step.work, step.events):
            folder.mkdir(parents=True, exist_ok=True)
        controller = logs.Controller(step.logs / "controller")
        try:
            outcome = self._attempt(step, process, controller)
        except _REFUSALS as error:
            outcome = StepOutcome(succeeded=False, reason=type(error).__name__, message=str(error))
        except Exception as error:
            _log.exception("step %s could not be run", step.id)
            message = f"The local cloud could not run the step: {type(error).__name__}: {error}"
            outcome = StepOutcome(succeeded=False, reason="Unknown Error.", message=message)
        if not outcome.succeeded:
            controller.say(f"{outcome.reason} {outcome.message}", "ERROR")
        log_file = self._upload_logs(step)
        shutil.rmtree(step.folder, ignore_errors=True)
        return StepOutcome(outcome.succeeded, outcome.reason, outcome.message, None if outcome.succeeded else log_file)

    def _attempt(self, step: _Step, process: StepProcess, controller: logs.Controller) -> StepOutcome:
        if process.stopped:
            return StepOutcome(succeeded=False, reason="Cancelled before it started.")
        with self._mirror() as mirror:
            controller.say(_moved("Brought from S3", *_timed(mirror.pull)))
            args = spark_submit_args(step.step["Config"])
            command = translate(args, mirror.locate)
            _refuse_unmountable(command.app_args, mirror.buckets)
            home = java_home()
            class_data = ClassData(self._class_data, home)
            java_options = f"{class_data.options(step.id)} {settings.compiler_options(mirror.size)}".strip()
            argv = self._argv(step, command, mirror, java_options)
            for name, file in {**command.files, command.application.name: command.application}.items():
                shutil.copy(file, step.work / name)
            controller.starts(step.id, args, argv, command.dropped)
            started = time.monotonic()
            environment = settings.environment(home, step.scratch, class_data.conf(), self._endpoint_url)
            code = process.run(argv, step.work, environment, step.logs)
            seconds = time.monotonic() - started
            if code is None:
                return StepOutcome(succeeded=False, reason="Cancelled before it started.")
            controller.ends(code, seconds)
            if code == 0:
                class_data.keep(step.id)
            else:
                class_data.discard(step.id)
            controller.say(_moved("Taken to S3", *_timed(mirror.push)))
        if code == 0:
            return StepOutcome(succeeded=True)
        error = logs.last_error(step.logs)
        return StepOutcome(
            succeeded=False, reason="Unknown Error.", message=f"Exit code {code}" + (f": {error}" if error else "")
        )

    def _argv(self, step: _Step, command: SparkCommand, mirror: BucketMirror, java_options: str) -> list[str]:
        memory = settings.driver_memory_mib(self._at_once)
        buckets = [bucket for bucket in mirror.buckets if settings.is_mountable(bucket)]
        for bucket in set(mirror.buckets).difference(buckets):
            _log.warning("bucket %s cannot be mounted: Spark will not see it", bucket)
        conf = {
            **settings.defaults(step.events),
            **settings.cluster_defaults(step.cluster.get("Configurations") or ()),
            **command.conf,
            **settings.local_settings(buckets, mirror.folder, step.scratch, memory, java_options),
        }
        pairs = [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
        submit = str(settings.spark_home() / "bin" / "spark-submit")
        application = str(step.work / command.application.name)
        return [submit, *pairs, *command.options, application, *command.app_args]

    @contextlib.contextmanager
    def _mirror(self) -> Iterator[BucketMirror]:
        """Lend a mirror that no other step uses; the one used last holds most already."""
        with self._lock:
            if self._mirrors:
                mirror = self._mirrors.pop()
            else:
                self._mirrors_made += 1
                mirror = BucketMirror(self._s3, self._workdir / "s3" / str(self._mirrors_made))
        try:
            yield mirror
        finally:
            with self._lock:
                self._mirrors.append(mirror)

    def _upload_logs(self, step: _Step) -> str | None:
        try:
            return logs.upload(self._s3, step.logs, step.cluster.get("LogUri"), str(step.cluster["Id"]), step.id)
        except (BotoCoreError, ClientError, OSError) as error:
            _log.warning("logs of step %s were not uploaded to %s: %s", step.id, step.cluster.get("LogUri"), error)
            return None


def _client(endpoint_url: str) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=16, retries={"max_attempts": 1}),
    )


def _refuse_unmountable(args: Sequence[str], buckets: Sequence[str]) -> None:
    for bucket in buckets:
        if not settings.is_mountable(bucket) and any(f"://{bucket}/" in arg for arg in args):
            raise UnsupportedStepError(
                f"The bucket {bucket!r} cannot be mounted for Spark here: the name of one that a step uses may hold "
                "only lower-case letters, digits and hyphens."
            )


def _timed(move: Callable[[], Transfer]) -> tuple[Transfer, float]:
    started = time.monotonic()
    return move(), time.monotonic() - started


def _moved(what: str, moved: Transfer, seconds: float) -> str:
    return f"{what}: {moved.objects} objects, {moved.bytes} bytes, {moved.deleted} deleted, in {seconds:.2f} seconds"
