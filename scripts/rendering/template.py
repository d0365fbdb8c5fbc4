"""Expand ``serverless.yml`` into one CloudFormation template, without Node.

The same file is deployed to AWS by ``osls``; here it becomes the stack of the local cloud, so there is no second list
of resources. What is understood is what the file uses: ``${file(...)}``, ``${self:...}``, ``${param:...}``,
``${opt:name, 'default'}`` and ``${sls:stage}``, functions with an artifact, and ``resources`` as a list of parts.
Anything else is an error. Logical ids follow osls: ``planRun`` becomes ``PlanRunLambdaFunction``.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scripts.rendering.paths import ROOT, SERVERLESS

_VARIABLE = re.compile(
    r"\$\{(file|self|param|opt|sls)(?:\((?P<path>[^)]*)\)|:(?P<name>[^},]+))(?:,\s*'(?P<default>[^']*)')?\}"
)
_INTRINSICS = {"Ref": "Ref", "Condition": "Condition"}


class TemplateError(ValueError):
    """``serverless.yml`` or a part of it says something this expansion does not understand."""


@dataclass(frozen=True)
class Options:
    """What a deployment is told on the command line: ``--stage``, ``--region`` and ``--param``."""

    stage: str = "dev"
    region: str = "us-east-1"
    params: Mapping[str, str] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = _INTRINSICS.get(suffix, f"Fn::{suffix}")
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TemplateError(f"!{suffix} holds something that is neither text, list nor mapping")
    if name == "Fn::GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_Loader.add_multi_constructor("!", _intrinsic)


def _load(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TemplateError(f"{path} does not exist; what lies in build/ is made by 'slow-lambda render'") from None
    # _Loader is a SafeLoader that also knows CloudFormation's tags.
    return yaml.load(text, Loader=_Loader)  # noqa: S506


class _Resolver:
    """Fill in osls's variables; CloudFormation's ``${Name}`` stays as it is."""

    def __init__(self, document: dict[str, Any], options: Options) -> None:
        self._document = document
        self._options = options
        self._params = {**document.get("params", {}).get("default", {}), **options.params}

    def resolve(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, str):
            return value
        whole = _VARIABLE.fullmatch(value)
        if whole:
            return self._lookup(whole)
        return _VARIABLE.sub(lambda match: str(self._lookup(match)), value)

    def _lookup(self, match: re.Match[str]) -> Any:
        kind, name, default = match[1], match["name"], match["default"]
        if kind == "file":
            return self.resolve(_load(ROOT / self.resolve(match["path"])))
        if kind == "self":
            return self.resolve(self._walk(name))
        sources: dict[str, Mapping[str, str]] = {
            "param": self._params,
            "opt": {"stage": self._options.stage, "region": self._options.region},
            "sls": {"stage": self._options.stage},
        }
        found = sources[kind].get(name, default)
        if found is None:
            raise TemplateError(f"{match[0]} in {SERVERLESS.name} has no value; give it with --param or a default")
        return found

    def _walk(self, path: str) -> Any:
        value: Any = self._document
        for key in path.split("."):
            if isinstance(value, str):
                value = self.resolve(value)
            if not isinstance(value, dict) or key not in value:
                raise TemplateError(f"${{self:{path}}} names nothing in {SERVERLESS.name}")
            value = value[key]
        return value


@dataclass(frozen=True)
class CodeLocation:
    """Where the Lambda zip of a deployment lies."""

    bucket: str
    key: str


def expand(options: Options, code: CodeLocation, architecture: str | None = None) -> dict[str, Any]:
    """Expand ``serverless.yml`` and the parts it includes.

    Parameters
    ----------
    options
        Stage, region and parameters.
    code
        Where the functions' zip has been uploaded.
    architecture
        The functions' processor (``arm64`` or ``x86_64``); the file's own when ``None``.

    Returns
    -------
    dict
        A CloudFormation template in long form, ready to be sent as JSON.

    Raises
    ------
    TemplateError
        A file is missing, a variable has no value, or two parts define the same resource.
    """
    raw = _load(SERVERLESS)
    document = _Resolver(raw, options).resolve(raw)
    template: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}, "Outputs": {}}
    for name, function in document["functions"].items():
        template["Resources"] |= _function_resources(name, function, document["provider"], code, architecture)
    for part in document["resources"]:
        for section, entries in part.items():
            _merge(template.setdefault(section, {}), entries, section)
    return template


def _merge(target: dict[str, Any], entries: dict[str, Any], section: str) -> None:
    twice = target.keys() & entries.keys()
    if twice:
        raise TemplateError(f"{section} defined twice: {', '.join(sorted(twice))}")
    target |= entries


def _function_resources(
    name: str, function: dict[str, Any], provider: dict[str, Any], code: CodeLocation, architecture: str | None
) -> dict[str, Any]:
    logical = name[0].upper() + name[1:]
    tags = [{"Key": key, "Value": value} for key, value in provider["tags"].items()]
    return {
        f"{logical}LogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": f"/aws/lambda/{function['name']}",
                "RetentionInDays": provider["logRetentionInDays"],
            },
        },
        f"{logical}LambdaFunction": {
            "Type": "AWS::Lambda::Function",
            "DependsOn": [f"{logical}LogGroup"],
            "Properties": {
                "FunctionName": function["name"],
                "Description": function["description"],
                "Code": {"S3Bucket": code.bucket, "S3Key": code.key},
                "Handler": function["handler"],
                "Runtime": provider["runtime"],
                "Architectures": [architecture or provider["architecture"]],
                "MemorySize": function["memorySize"],
                "Timeout": function["timeout"],
                "Role": function["role"],
                "TracingConfig": {"Mode": provider["tracing"]["lambda"]},
                "Environment": {"Variables": provider["environment"]},
                "Tags": tags,
            },
        },
    }


def main() -> None:
    """Write the template of a stage in a network of its own, for tools that read one."""
    json.dump(expand(Options(), CodeLocation("deployment", "lambdas.zip")), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
