"""CloudFormation templates: read, checked for what etlocal needs of them, packaged.

Packaging does what ``aws cloudformation package`` does: a property that names a local file is
replaced by where the file was uploaded. Source: AWS CLI Command Reference, "package".
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class TemplateError(Exception):
    """The template cannot be read, or names what is not there."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UploadSection(_Section):
    """Where ``etlocal upload`` puts a file; ``{date}`` and ``{name}`` come from its path."""

    Bucket: str
    Key: str


class AssetsSection(_Section):
    """Files uploaded under their own relative paths before the warehouse scripts run."""

    Bucket: str
    Files: list[str]


class UsageLimitSection(_Section):
    """How much a workgroup may compute, for which CloudFormation has no resource type."""

    Amount: str
    """The Output with the RPU-hours; 0 is no limit."""
    Period: Literal["daily", "weekly", "monthly"] = "monthly"
    BreachAction: Literal["log", "emit-metric", "deactivate"] = "log"


class WarehouseSection(_Section):
    """The folder of SQL scripts, each run once, in one transaction, in the order of their names."""

    Workgroup: str
    Database: str
    Scripts: str
    Secret: str | None = None
    """The login that the scripts run as; without it, the deployer's own user of the warehouse."""
    UsageLimit: UsageLimitSection | None = None


class DemoSection(_Section):
    """What ``etlocal demo`` uploads, one after the other, and the question it asks at the end."""

    Uploads: list[str] = Field(min_length=1)
    Query: str | None = None


class Metadata(_Section):
    """The template's ``Metadata: etlocal``: what the terminal may do with the stack.

    Names are names of the template's Outputs, but for ``ArtifactBucket``, which is a parameter's;
    paths are relative to the template.
    """

    ArtifactBucket: str | None = None
    """The parameter that takes the name of the bucket which `package` uploads to."""
    Upload: UploadSection | None = None
    Assets: AssetsSection | None = None
    Warehouse: WarehouseSection | None = None
    Crawlers: list[str] = []
    StateMachine: str | None = None
    Topic: str | None = None
    Demo: DemoSection | None = None


@dataclass(frozen=True)
class Template:
    """A template with its place, which relative paths start from."""

    path: Path
    body: dict[str, Any]
    metadata: Metadata

    @property
    def folder(self) -> Path:
        """The folder of the template."""
        return self.path.parent

    def file(self, relative: str) -> Path:
        """Give the file that a path of the template names.

        Raises
        ------
        TemplateError
            If it does not exist.
        """
        path = (self.folder / relative).resolve()
        if not path.exists():
            raise TemplateError(f"{self.path} names {relative}, and there is no {path}")
        return path


def load(path: Path) -> Template:
    """Read a template, YAML or JSON.

    Raises
    ------
    TemplateError
        If it cannot be read, is not a template, or its ``Metadata: etlocal`` breaks its rules.
    """
    try:
        text = path.read_text()
    except FileNotFoundError as error:
        raise TemplateError(f"there is no template {path}; name one with --template") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"the template {path} cannot be read: {error}") from error
    return parse(text, path.resolve())


def parse(text: str, path: Path) -> Template:
    """Make a template of its text, YAML or JSON.

    Parameters
    ----------
    text : str
    path : Path
        Where it is; of a deployed one what errors are to call it, as its files are not there.

    Raises
    ------
    TemplateError
        If it is not a template, or its ``Metadata: etlocal`` breaks its rules.
    """
    try:
        body = yaml.load(text, _Loader)  # noqa: S506 - a safe loader with tags of ours
    except yaml.YAMLError as error:
        raise TemplateError(f"the template {path} cannot be read: {error}") from error
    if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
        raise TemplateError(f"{path} is not a CloudFormation template: it has no Resources")
    try:
        metadata = Metadata.model_validate((body.get("Metadata") or {}).get("etlocal") or {})
    except ValidationError as error:
        raise TemplateError(f"Metadata.etlocal of {path} is not valid: {error}") from error
    template = Template(path, body, metadata)
    _check_outputs(template)
    return template


def package(template: Template, upload: Callable[[Path, str], tuple[str, str]]) -> str:
    """Upload the local files that the template names and put their places in.

    Parameters
    ----------
    template : Template
    upload : callable
        Takes a file and a key that its content decides, gives the bucket and the key it is under.

    Returns
    -------
    str
        The packaged template, as JSON.

    Raises
    ------
    TemplateError
        If a named file does not exist.
    """
    body = copy.deepcopy(template.body)
    for holder, name, style in _local_files(body):
        file = template.file(holder[name])
        bucket, key = upload(file, content_key(file))
        if style == "location":
            holder[name] = {"Bucket": bucket, "Key": key}
        else:
            holder[name] = f"s3://{bucket}/{key}"
    return json.dumps(body, default=str)


def content_key(file: Path, content: bytes | None = None) -> str:
    """Give the key of an asset: its content's hash, then its name, which tools show.

    Parameters
    ----------
    file : Path
    content : bytes, optional
        What it has, where it is not read from the file.
    """
    body = file.read_bytes() if content is None else content
    return f"{hashlib.sha256(body).hexdigest()[:32]}/{file.name}"


# Resource type → (path to the property, how the place is written), as `package` has them.
_ARTIFACTS = {
    "AWS::StepFunctions::StateMachine": (("DefinitionS3Location",), "location"),
    "AWS::Glue::Job": (("Command", "ScriptLocation"), "uri"),
}


def _local_files(body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    for resource in body["Resources"].values():
        artifact = _ARTIFACTS.get(resource.get("Type"))
        if artifact is None:
            continue
        (*parents, name), style = artifact
        holder: Any = resource.get("Properties", {})
        for parent in parents:
            holder = holder.get(parent, {}) if isinstance(holder, dict) else {}
        value = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(value, str) and not value.startswith("s3://"):
            yield holder, name, style


def _check_outputs(template: Template) -> None:
    metadata, outputs = template.metadata, template.body.get("Outputs") or {}
    named = [*metadata.Crawlers, metadata.StateMachine, metadata.Topic]
    if metadata.Upload:
        named.append(metadata.Upload.Bucket)
    if metadata.Assets:
        named.append(metadata.Assets.Bucket)
    if metadata.Warehouse:
        named += [
            metadata.Warehouse.Workgroup,
            metadata.Warehouse.Database,
            metadata.Warehouse.Secret,
        ]
        if metadata.Warehouse.UsageLimit:
            named.append(metadata.Warehouse.UsageLimit.Amount)
    missing = [name for name in named if name is not None and name not in outputs]
    parameters = template.body.get("Parameters") or {}
    if metadata.ArtifactBucket is not None and metadata.ArtifactBucket not in parameters:
        raise TemplateError(
            f"Metadata.etlocal.ArtifactBucket of {template.path} names a parameter that the "
            f"template does not have: {metadata.ArtifactBucket}"
        )
    if missing:
        raise TemplateError(
            f"Metadata.etlocal of {template.path} names Outputs that the template does not have: "
            + ", ".join(missing)
        )


class _Loader(yaml.CSafeLoader):
    """Reads CloudFormation's short forms (``!Sub …``) as their long ones (``Fn::Sub: …``)."""


def _short_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if tag == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {name: value}


def _text(_loader: _Loader, node: yaml.Node) -> str:
    return str(node.value)


_Loader.add_multi_constructor("!", _short_form)
# CloudFormation reads a version such as 2010-09-09 as text, not as a date.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)
