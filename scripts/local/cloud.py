"""Start and stop the local cloud: a process on a free port of 127.0.0.1 that speaks the AWS APIs."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lambdas import aws
from lambdas.specs import load_cluster, load_jobs
from scripts.local.journal import JOURNAL, Entry, read
from scripts.local.spark.settings import spark_version

HOST = "127.0.0.1"
LOG = "local-cloud.log"
STAGE = "dev"
SUBNET = "subnet-00000000000000000"  # the local cloud has no network; EMR wants a subnet's name all the same
_NO_PROXY = {"NO_PROXY": HOST, "no_proxy": HOST}
START_SECONDS = 60.0
STOP_SECONDS = 15.0
# Simulated seconds per real second while nothing real runs: seven minutes of provisioning pass in one second.
DEFAULT_SCALE = 500.0


class LocalCloudError(RuntimeError):
    """The local cloud did not start; the message has the end of its log."""


@dataclass(frozen=True)
class LocalCloud:
    """A running local cloud."""

    endpoint: str
    log: Path
    pid: int

    def environment(self) -> dict[str, str]:
        """Return the standard AWS settings that lead any SDK here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        }

    def journal(self) -> list[Entry]:
        """Return every change of a cluster or step so far, oldest first."""
        return read(self.log.parent / JOURNAL)

    def use(self) -> None:
        """Lead this process's SDK here, and nowhere else: no profile or endpoint of the user's remains."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(self.environment() | _NO_PROXY)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            os.environ[name] = os.devnull
        aws.forget()


@contextlib.contextmanager
def local_cloud(workdir: Path, scale: float = DEFAULT_SCALE, load: str | None = None) -> Iterator[LocalCloud]:
    """Run the local cloud for the length of a ``with`` block.

    Parameters
    ----------
    workdir
        A folder of its own: log, bucket mirror, Spark's scratch space.
    scale
        Simulated seconds per real second while no step runs.
    load
        A trace, as ``scripts.bench.scaling.traces`` reads it: the containers that every step is taken to want, beside
        what Spark really does. Without one nothing is scaled while a step runs.

    Yields
    ------
    LocalCloud
        Healthy and empty.

    Raises
    ------
    LocalCloudError
        It ended or did not answer within ``START_SECONDS``.
    """
    _check_spark()
    workdir.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    log = workdir / LOG
    command = [sys.executable, "-m", "scripts.local.server"]
    command += ["--workdir", str(workdir), "--scale", str(scale), "--parent", str(os.getpid())]
    command += ["--load", load] if load else []
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=_server_environment(port, workdir), stdout=output, stderr=output, start_new_session=True
        )
    try:
        cloud = LocalCloud(f"http://{HOST}:{port}", log, process.pid)
        _wait_until_healthy(cloud, process)
        yield cloud
    finally:
        _stop(process)


def _check_spark() -> None:
    """Refuse to run steps with another Spark than the clusters' release labels bring."""
    installed = spark_version()
    for job in load_jobs():
        wanted = load_cluster(job.cluster).spark
        if wanted != installed:
            raise LocalCloudError(
                f"cluster spec {job.cluster!r} has Spark {wanted}, but pyspark {installed} is installed; "
                f"pin pyspark=={wanted} in pyproject.toml and renew requirements.lock"
            )


def _server_environment(port: int, workdir: Path) -> dict[str, str]:
    """Return an environment that the user's own AWS settings do not reach."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_", "LAMBDA_"))}
    scratch = workdir / "tmp"
    scratch.mkdir(exist_ok=True)
    return (
        kept
        | _NO_PROXY
        | {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
            # Listeners of ministack's that nobody here uses and that would bind every interface.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "TMPDIR": str(scratch),
            "PYTHONUNBUFFERED": "1",
        }
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(cloud: LocalCloud, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + START_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < give_up:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            direct.open(f"{cloud.endpoint}/_ministack/health", timeout=2).close()
            return
        time.sleep(0.05)
    tail = "\n".join(cloud.log.read_text(errors="replace").splitlines()[-15:])
    raise LocalCloudError(f"the local cloud did not start; the end of {cloud.log}:\n{tail}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
