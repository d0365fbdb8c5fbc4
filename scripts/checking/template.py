"""A CloudFormation template as the rules look at it: this project's, or anybody's."""

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from scripts.checking.definition import Definition, load_definition, parse_definition
from scripts.checking.definition_lines import json_lines
from scripts.checking.rules import Place
from scripts.checking.template_lint import decode
from scripts.rendering.jobs import render_jobs
from scripts.rendering.paths import JOBS_TEMPLATE, ROOT, SERVERLESS
from scripts.rendering.template import CodeLocation, Options, expand

# Where a deployment puts the functions' zip; only the deployment knows.
_CODE = CodeLocation("deployment-bucket", "lambdas.zip")

_FUNCTION_PARTS = ("LambdaFunction", "LogGroup")


@dataclass(frozen=True)
class Template:
    """One template in CloudFormation's long form.

    Attributes
    ----------
    file
        The file as findings name it.
    text
        What a linter reads.
    data
        The same, parsed; empty when it cannot be.
    places
        Where each resource is written.
    is_ours
        Whether it is what ``serverless.yml`` expands to: then a line of ``text`` is a line of no file.
    """

    file: str
    text: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    places: Mapping[str, Place] = field(repr=False)
    is_ours: bool

    def at(self, name: str) -> Place:
        """Return where a resource is written."""
        return self.places.get(name, Place(self.file, 1))

    def resources(self, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the properties of every resource of some types, with its name."""
        resources = self.data.get("Resources")
        for name, resource in resources.items() if isinstance(resources, Mapping) else ():
            if isinstance(resource, Mapping) and resource.get("Type") in types:
                properties = resource.get("Properties")
                yield str(name), properties if isinstance(properties, Mapping) else {}


def load_template() -> Template:
    """Render all jobs and expand ``serverless.yml``, as a deployment would.

    Raises
    ------
    SpecError, RenderError, TemplateError
        There is no template, because something it is made of cannot be read.
    """
    render_jobs()
    data = expand(Options(), _CODE)
    return Template(SERVERLESS.name, json.dumps(data, indent=1), data, _our_places(), is_ours=True)


def load_file(path: Path, today: datetime.date) -> Definition | Template:
    """Read a file that is a definition or a template; what is wrong with it is for the rules to say.

    Parameters
    ----------
    path
        A file in JSON or YAML.
    today
        The day on which a release is too old or not.

    Raises
    ------
    DefinitionError
        The file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return load_definition(path, today)  # which says what is wrong
    if not _is_template(text):
        return load_definition(path, today)
    data, places = decode(text, path.as_posix())
    return Template(path.as_posix(), text, data, places, is_ours=False)


def _is_template(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return bool(re.search(r"^Resources:", text, re.MULTILINE))
    try:
        return not json.loads(text).keys().isdisjoint({"Resources", "AWSTemplateFormatVersion"})
    except json.JSONDecodeError:
        return '"AWSTemplateFormatVersion"' in text


def embedded_definitions(template: Template, today: datetime.date) -> list[Definition]:
    """Return the definitions that are written in a template, each on the line of its state machine."""
    found = []
    for name, machine in template.resources("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"):
        text = definition_text(machine)
        if text:
            place = template.at(name)
            definition = parse_definition(place.file, text, today)
            found.append(replace(definition, lines={(): place.line}))
    return found


def definition_text(machine: Mapping[str, Any]) -> str | None:
    """Return the definition among a state machine's properties in JSON; ``None`` if it is not there or not JSON."""
    if isinstance(machine.get("Definition"), Mapping):
        return json.dumps(_plain(machine["Definition"]))
    text = _text(machine.get("DefinitionString"))
    try:
        return text if isinstance(json.loads(text), dict) else None
    except json.JSONDecodeError:
        return None


def _text(value: Any) -> str:
    """Return a text with ``${...}`` for what CloudFormation fills in."""
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            return text
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(map(_text, parts))
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return f"${{{name}}}"
    return "${Value}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        is_intrinsic = len(value) == 1 and any(key == "Ref" or key.startswith("Fn::") for key in map(str, value))
        return _text(value) if is_intrinsic else {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _our_places() -> dict[str, Place]:
    """Return where every resource of ours is written: in ``infra/``, in ``serverless.yml`` or in what is rendered."""
    jobs = _name(JOBS_TEMPLATE)
    lines = json_lines(JOBS_TEMPLATE.read_text(encoding="utf-8"))
    places = {str(key[1]): Place(jobs, line) for key, line in lines.items() if len(key) == 2 and key[0] == "Resources"}
    for path in (SERVERLESS, *sorted((ROOT / "infra").rglob("*.yml"))):
        node = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
        for section, name, line in _entries(node):
            for resource in [name] if section == "Resources" else [_upper(name) + part for part in _FUNCTION_PARTS]:
                places[resource] = Place(_name(path), line)
    return places


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, str, int]]:
    """Yield the names under every ``Resources`` and ``functions``, with their lines."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value in ("Resources", "functions") and isinstance(value, yaml.MappingNode):
            yield from ((key.value, name.value, name.start_mark.line + 1) for name, _ in value.value)
        else:
            yield from _entries(value)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
