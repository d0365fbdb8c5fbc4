"""The services and actions of the AWS SDK integrations, as botocore knows them."""

import gzip
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel

SDK_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"

_SERVICE_ID = re.compile(r'"serviceId":\s*"([^"]+)"')
_METADATA_BYTES = 6000  # the id stands in the first lines of a model


def service(name: str) -> ServiceModel | None:
    """Return the model of a service by its name in a Task's Resource; ``None`` if there is none."""
    known = _services().get(_plain(name))
    return _model(known) if known else None


def operation(model: ServiceModel, action: str) -> OperationModel | None:
    """Return an operation by its name in a Task's Resource, such as ``describeCluster``; ``None`` if there is none."""
    name = next((each for each in model.operation_names if action_of(each) == action), None)
    return model.operation_model(name) if name else None


def action_of(operation_name: str) -> str:
    """Return how a Task's Resource names an operation."""
    return operation_name[:1].lower() + operation_name[1:]


@cache
def services() -> tuple[str, ...]:
    """Return the services' names in a Task's Resource."""
    return tuple(sorted(_services()))


@cache
def _model(botocore_name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(botocore_name)


@cache
def _services() -> dict[str, str]:
    """Return botocore's name of every service by its plain service id.

    Step Functions names services as the AWS SDK for Java does, after their service id without blanks.
    """
    loader: Any = botocore.session.get_session().get_component("data_loader")
    folder = Path(loader.BUILTIN_DATA_PATH)
    found = {}
    for name in loader.list_available_services("service-2"):
        model = folder / name / loader.determine_latest_version(name, "service-2") / "service-2.json.gz"
        with gzip.open(model) as file:
            identity = _SERVICE_ID.search(file.read(_METADATA_BYTES).decode(errors="replace"))
        found[_plain(identity[1] if identity else name)] = name
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()).removesuffix("service")
