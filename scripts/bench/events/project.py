"""A copy of the project whose only job gathers objects, and its deployment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts import deployment
from scripts.local.cloud import STAGE, SUBNET, LocalCloud
from scripts.rendering.paths import BUILD, ROOT

JOB = "gathered"
FOLDER = "events/"
# Spark does not read what begins so, and neither does a run: each of them is rejected before there is a cluster, which
# is not what is measured.
HIDDEN = "_"

_COPIED = ("lambdas", "scripts", "emr_specs", "infra", "state_machines")
_FILES = ("serverless.yml", "requirements.lock")
# Named after what they are made of, so that the copy's can lie among ours.
_SHARED = ("libraries", "packages")
_DEPLOY = "import sys; from scripts import deployment; deployment.deploy(sys.argv[1], sys.argv[2], lambda _: None)"
_SPEC = f"""\
name: {JOB}
description: Gathers objects.
cluster: spark
input: s3://${{data_bucket}}/{FOLDER}
triggers:
  - object_created:
      suffix: .csv
      input: object
      batch: {{window: {{window}}s, max_objects: {{objects}}}}
steps:
  - {{name: read, script: read.py, args: [--input, << input >>], timeout: 1h}}
class: sql
limits: {{max_nodes: 4}}
"""


class CopyError(RuntimeError):
    """The copy could not be deployed; the message has its last words."""


def deploy_gathering(cloud: LocalCloud, folder: Path, window: int, objects: int) -> deployment.Deployment:
    """Deploy a job that gathers objects, and nothing else.

    Specs lie beside the code that reads them, so the whole project is copied.

    Parameters
    ----------
    cloud
        Where; this process's SDK must lead there.
    folder
        Of the copy; it must not exist.
    window, objects
        Seconds after its first object, and objects, at which a batch is closed.

    Raises
    ------
    CopyError
        It could not be deployed.
    """
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "build").mkdir()
    for name in _SHARED:
        (BUILD / name).mkdir(parents=True, exist_ok=True)
        (folder / "build" / name).symlink_to(BUILD / name)
    jobs = folder / "emr_specs" / "jobs"
    shutil.rmtree(jobs)
    (jobs / JOB).mkdir(parents=True)
    spec = _SPEC.replace("{window}", str(window)).replace("{objects}", str(objects))
    (jobs / JOB / "job.yml").write_text(spec, encoding="utf-8")
    (jobs / JOB / "read.py").write_text("", encoding="utf-8")
    # Its own modules come first in the working directory.
    done = subprocess.run(
        [sys.executable, "-c", _DEPLOY, STAGE, SUBNET],
        cwd=folder,
        env={**os.environ, **cloud.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-15:])
        raise CopyError(f"the copy of the project at {folder} could not be deployed:\n{tail}")
    return deployment.find(STAGE)
