"""osls and scripts/rendering/template.py make the same stack of serverless.yml."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.node import node_environment, node_tool
from scripts.rendering.jobs import render_jobs
from scripts.rendering.paths import JOBS_TEMPLATE, LAMBDA_ZIP, ROOT
from scripts.rendering.template import CodeLocation, Options, expand
from tests.deploy.project import SECONDS, Project, copy_project

# What osls adds: the bucket it uploads to, its policy and its name. scripts/deployment.py makes a bucket beside the
# stack for that.
ADDED = {
    "Resources": {"ServerlessDeploymentBucket", "ServerlessDeploymentBucketPolicy"},
    "Outputs": {"ServerlessDeploymentBucketName"},
}

# What it says of the whole.
HEADER = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "The AWS CloudFormation template for this Serverless application",
}

NETWORKS = {
    "new": {"network": "new"},
    "own": {"network": "own", "subnetIds": "subnet-a,subnet-b", "vpcId": "vpc-a"},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("package") / "project")
    render_jobs()
    shutil.copy(JOBS_TEMPLATE, project.folder / JOBS_TEMPLATE.relative_to(ROOT))
    (project.folder / LAMBDA_ZIP.relative_to(ROOT)).touch()
    return project


def packaged(project: Project, stage: str, region: str, params: dict[str, str]) -> dict[str, Any]:
    """Let osls package a stage, without credentials and with no way to any network."""
    output = project.folder / "build" / f"osls-{stage}"
    command = [*node_tool("osls"), "package", "--stage", stage, "--region", region, "--package", str(output)]
    command += [f"--param={name}={value}" for name, value in params.items()]
    environment = {name: value for name, value in node_environment().items() if not name.startswith("AWS_")}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    done = subprocess.run(
        command,
        cwd=project.folder,
        env=environment | nowhere | files | {"HTTPS_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    template: dict[str, Any] = json.loads((output / "cloudformation-template-update-stack.json").read_text())
    return template


@pytest.mark.parametrize("network", NETWORKS)
def test_they_make_the_same_stack(project: Project, network: str) -> None:
    stage, region = f"agree-{network}", "eu-central-1"
    theirs = packaged(project, stage, region, NETWORKS[network])
    code = next(
        each["Properties"]["Code"] for each in theirs["Resources"].values() if each["Type"] == "AWS::Lambda::Function"
    )
    # One zip for all, in osls's bucket, under a key with the time of the deployment.
    assert code["S3Bucket"] == {"Ref": "ServerlessDeploymentBucket"}
    assert Path(code["S3Key"]).match(f"serverless/slow-lambda/{stage}/*/lambdas.zip")
    ours = expand(Options(stage, region, NETWORKS[network]), CodeLocation(code["S3Bucket"], code["S3Key"]))

    for section, added in ADDED.items():
        assert theirs[section].keys() - ours[section].keys() == added
        assert ours[section].keys() <= theirs[section].keys()
        different = [name for name in ours[section] if ours[section][name] != theirs[section][name]]
        assert different == []
    assert {name: value for name, value in theirs.items() if name not in ADDED} == HEADER
    assert len(ours["Resources"]) > 70
