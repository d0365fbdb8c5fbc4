from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lambdas import aws
from scripts.local.in_process import DATA_BUCKET, InProcessCloud, in_process_cloud

JOB = "pricing-summary"
CloudMaker = Callable[..., InProcessCloud]


@pytest.fixture
def make_cloud() -> Iterator[CloudMaker]:
    """Return a function that deploys the demo's job, with its input in place unless told otherwise."""
    with ExitStack() as stack:

        def make(*, with_input: bool = True, **options: Any) -> InProcessCloud:
            cloud = stack.enter_context(in_process_cloud(JOB, **options))
            if with_input:
                key = "landing/tpch/lineitem/lineitem.1.csv"
                aws.s3().put_object(Bucket=DATA_BUCKET, Key=key, Body=b"1,2\n" * 1000)
            return cloud

        yield make
