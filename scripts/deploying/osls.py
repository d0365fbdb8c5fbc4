"""osls, called."""

import subprocess
from collections.abc import Mapping

from scripts.deploying.errors import OslsError
from scripts.node import node_environment, node_tool
from scripts.rendering.paths import ROOT


def osls(verb: str, stage: str, region: str, params: Mapping[str, str]) -> None:
    """Run osls on serverless.yml; what it prints goes where this process prints.

    Parameters
    ----------
    verb
        ``package``, ``deploy`` or ``remove``.
    stage, region
        As on its command line.
    params
        What it is given with ``--param``.

    Raises
    ------
    OslsError
        It ended with an error.
    NodeError
        It is not installed.
    """
    command = [*node_tool("osls"), verb, "--stage", stage, "--region", region]
    command += [f"--param={name}={value}" for name, value in params.items()]
    done = subprocess.run(command, env=node_environment(), cwd=ROOT, check=False)
    if done.returncode:
        raise OslsError(f"'osls {verb}' ended with exit code {done.returncode}; what it printed says why")
