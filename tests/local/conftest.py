import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lambdas import aws
from scripts import deployment
from scripts.local.cloud import LocalCloud, local_cloud
from tests.local.support import Start


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts a local cloud with the project deployed."""
    before = dict(os.environ)
    with ExitStack() as stack:

        def started(**options: Any) -> tuple[LocalCloud, deployment.Deployment]:
            cloud = stack.enter_context(local_cloud(tmp_path_factory.mktemp("cloud"), **options))
            cloud.use()
            return cloud, deployment.deploy("test", "subnet-1", lambda _: None)

        yield started
    os.environ.clear()
    os.environ.update(before)
    aws.forget()
