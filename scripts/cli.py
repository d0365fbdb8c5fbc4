"""The ``slow-lambda`` command. Each verb has a module of its own; this one puts them together."""

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.inputs.errors import RejectionError
from lambdas.ledger.store import EntryTornError
from lambdas.specs import SpecError, UnknownSpecError
from scripts.bench.command import bench
from scripts.bench.sizing.errors import MeasurementsError
from scripts.build import package, publish, render
from scripts.certify.command import certify
from scripts.certify.dynamic.errors import CaseUnknownError
from scripts.certify.static import DefinitionError
from scripts.check import check
from scripts.checking.asl_validator import AslValidatorError
from scripts.checking.template_lint import CfnLintError
from scripts.demo.command import demo
from scripts.demo.data import DataError
from scripts.demo.run import DemoError
from scripts.deployment import DeploymentError
from scripts.diagnose import diagnose
from scripts.dlq.command import dlq
from scripts.dlq.errors import LetterUnknownError
from scripts.ledger.errors import MomentError, RunAmbiguousError, RunUnknownError
from scripts.local.cloud import LocalCloudError
from scripts.local.command import local
from scripts.logs.command import logs
from scripts.logs.errors import LogsMissingError, StepUnknownError
from scripts.node import NodeError
from scripts.preflight.command import preflight
from scripts.prices.command import prices
from scripts.prices.errors import PricesError
from scripts.reap import reap
from scripts.rendering.machine import RenderError
from scripts.rendering.package import PackageError
from scripts.rendering.template import TemplateError
from scripts.replay import replay
from scripts.replaying.campaign import CampaignError
from scripts.replaying.errors import ReplayRefusedError
from scripts.replaying.events import EventReplayError
from scripts.run import run
from scripts.runs.command import runs
from scripts.sizing.command import size
from scripts.watch import watch

# What a user can mend; anything else is a bug and keeps its traceback.
EXPECTED = (
    AslValidatorError,
    BotoCoreError,
    CampaignError,
    CaseUnknownError,
    CfnLintError,
    ClientError,
    DataError,
    DefinitionError,
    DemoError,
    DeploymentError,
    EntryTornError,
    EventReplayError,
    RejectionError,
    LetterUnknownError,
    LocalCloudError,
    LogsMissingError,
    MeasurementsError,
    MomentError,
    NodeError,
    PackageError,
    PricesError,
    RenderError,
    ReplayRefusedError,
    RunAmbiguousError,
    RunUnknownError,
    SpecError,
    StepUnknownError,
    TemplateError,
    UnknownSpecError,
)

app = typer.Typer(
    help="Heavy data processing on demand: Amazon EMR that behaves like a Lambda function.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for verb in (demo, run, watch, logs, diagnose, replay, certify, reap, size, check, preflight, render, package, publish):
    app.command()(verb)
app.add_typer(runs, name="runs", help="What ran and what runs; `runs show RUN`: all that is known of a run.")
app.add_typer(local, name="local", help="The local cloud on its own.")
app.add_typer(bench, name="bench", help="Measure what this project costs and how well it sizes.")
app.add_typer(dlq, name="dlq", help="What could not be started or ended, why, and again.")
app.add_typer(prices, name="prices", help="The instance types and what they cost.")


def main() -> None:
    """Run the command; what a user can mend is said in words, on standard error, with exit status 2."""
    try:
        app()
    except EXPECTED as error:
        print(f"slow-lambda: {error}", file=sys.stderr)
        sys.exit(2)
