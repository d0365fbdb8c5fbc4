"""``slow-lambda local up``: the local cloud on its own, with the project deployed, until Ctrl-C."""

import signal
from typing import Annotated

import typer

from lambdas.specs import load_jobs
from scripts import deployment
from scripts.local.cloud import DEFAULT_SCALE, STAGE, SUBNET, local_cloud
from scripts.rendering.paths import BUILD

local = typer.Typer(no_args_is_help=True)


@local.callback()
def _group() -> None:
    """Keep ``up`` a verb of its own."""


def _checked(trace: str | None) -> str | None:
    # Here, not above: reading traces takes a while to import.
    from scripts.bench.scaling.errors import TraceError  # noqa: PLC0415
    from scripts.bench.scaling.traces import read_trace  # noqa: PLC0415

    try:
        if trace:
            read_trace(trace)
    except TraceError as error:
        raise typer.BadParameter(str(error)) from error
    return trace


@local.command()
def up(
    speed: Annotated[float, typer.Option(min=1, help="Simulated seconds per real second of waiting.")] = DEFAULT_SCALE,
    load: Annotated[
        str | None,
        typer.Option(
            callback=_checked,
            help="Let every step want containers as in this trace, so that clusters scale: a name, CSV or event log, "
            "as 'bench scaling --trace' has it.",
        ),
    ] = None,
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
