"""Where the sources lie and where what is rendered goes."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
TEMPLATES = ROOT / "state_machines"
SERVERLESS = ROOT / "serverless.yml"
JOBS_TEMPLATE = BUILD / "jobs.json"
LAMBDA_ZIP = BUILD / "lambdas.zip"
