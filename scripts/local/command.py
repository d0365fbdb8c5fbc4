"""``slow-lambda local up``: the local cloud on its own, with the project deployed, until Ctrl-C."""

import signal
from typing import Annotated

import typer

from lambdas.specs import load_jobs
from scripts import deployment
from scripts.local.cloud import DEFAULT_SCALE, STAGE, SUBNET, local_cloud
from scripts.local.load_option import LoadOption
from scripts.rendering.paths import BUILD

local = typer.Typer(no_args_is_help=True)


@local.callback()
def _group() -> None:
    """Keep ``up`` a verb of its own."""


@local.command()
def up(
    speed: Annotated[float, typer.Option(min=1, help="Simulated seconds per real second of waiting.")] = DEFAULT_SCALE,
    load: LoadOption = None,
) -> None:
    """Start the local cloud and deploy every job; Ctrl-C ends it and all it holds."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with local_cloud(BUILD / "local", speed, load) as cloud:
        cloud.use()
        deployed = deployment.deploy(STAGE, SUBNET, print)
        print("\nIn another shell:\n")
        for name, value in cloud.environment().items():
            print(f"  export {name}={value}")
        job = load_jobs()[0].name
        print(f"\n  aws s3 ls s3://{deployed.data_bucket}/ or .venv/bin/slow-lambda run {job}\n\nCtrl-C to stop.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("stopping")
