"""``Fn::Transform`` of ``AWS::Include`` puts a file of S3 into a template, wherever it stands.

LocalStack's own leaves the template as it was where a stack is updated: it compares a place that
was included before with one that is not yet, and finds neither. It reads the former file again
too, which need not be there any more. So files are included before a template is compared with the
stack's, whose files were included when it was deployed; whoever asks for a stack's template gets it
as it was processed, unless he asks for the original.

Source: CloudFormation Template Reference, "AWS::Include transform"; CloudFormation API Reference,
"GetTemplate".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api.cloudformation import ChangeSetStatus, StackStatus, TemplateStage
from localstack.aws.connect import connect_to
from localstack.services.cloudformation.engine.template_preparer import parse_template
from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.v2.provider import CloudformationProviderV2

from etlocal.settings import Settings

_INCLUDE = "AWS::Include"
_TRANSFORM = "Fn::Transform"


class IncludeError(Exception):
    """A file cannot be included; the message says which and why."""


def apply(_: Settings) -> None:
    """Include in every template that is to be deployed, and show what was."""
    provider = CloudformationProviderV2
    set_up = provider._setup_change_set_model.__func__

    def setup_change_set_model(cls: Any, /, change_set: Any, **given: Any) -> None:
        if given["after_template"] is not None:
            stack = change_set.stack
            s3 = connect_to(aws_access_key_id=stack.account_id, region_name=stack.region_name).s3
            try:
                included = with_included(given["after_template"], lambda at: _read(s3, at))
            except IncludeError as error:
                _fail(change_set, f"Transform {_INCLUDE} failed with: {error}")
                return
            given["after_template"] = change_set.template = included
        set_up(cls, change_set, **given)

    provider._setup_change_set_model = classmethod(setup_change_set_model)
    get_template = provider.get_template

    def shown_template(
        self: Any,
        context: Any,
        stack_name: str | None = None,
        change_set_name: str | None = None,
        template_stage: str | None = None,
        **rest: Any,
    ) -> Any:
        stage = template_stage or TemplateStage.Processed
        return get_template(self, context, stack_name, change_set_name, stage, **rest)

    provider.get_template = shown_template


def with_included(template: Any, read: Callable[[str], str]) -> Any:
    """Give a template with the files it includes in their places; other transforms stay.

    Parameters
    ----------
    template : Any
        A template, or a part of one.
    read : callable
        Takes the ``s3://`` URI of a file and gives its text.

    Raises
    ------
    IncludeError
        If a file is not an object, or `read` raises it.
    """
    if isinstance(template, list):
        return [with_included(item, read) for item in template]
    if not isinstance(template, Mapping):
        return template
    whole = {name: with_included(item, read) for name, item in template.items()}
    transform = template.get(_TRANSFORM)
    if not isinstance(transform, Mapping) or transform.get("Name") != _INCLUDE:
        return whole
    location = (transform.get("Parameters") or {}).get("Location")
    if not isinstance(location, str):
        return whole  # an intrinsic function: LocalStack evaluates it
    del whole[_TRANSFORM]
    return {**whole, **_parsed(read(location), location)}


def _parsed(text: str, location: str) -> dict[str, Any]:
    try:
        included = parse_template(text)
    except Exception as error:
        raise IncludeError(f"{location} is neither JSON nor YAML: {error}") from error
    if not isinstance(included, dict):
        raise IncludeError(f"{location} is not an object")
    return included


def _read(s3: Any, location: str) -> str:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not location.startswith("s3://") or not key:
        raise IncludeError(f"The Location {location} is not a valid S3 URI")
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content.decode()
    except (ClientError, UnicodeDecodeError) as error:
        raise IncludeError(f"{location} cannot be read: {error}") from error


def _fail(change_set: Any, reason: str) -> None:
    """Fail the change set, and a stack that is to be made without one; one that is there stays."""
    stack = change_set.stack
    is_new = not stack.resolved_resources
    if change_set.change_set_name != f"cs-{stack.stack_name}-create":
        if is_new:
            stack.set_stack_status(StackStatus.REVIEW_IN_PROGRESS, "User Initiated")
    elif is_new:
        stack.set_stack_status(StackStatus.ROLLBACK_IN_PROGRESS, reason)
        stack.set_stack_status(StackStatus.ROLLBACK_COMPLETE)
    else:
        raise ValidationError(reason)
    change_set.status = ChangeSetStatus.FAILED
    change_set.status_reason = reason
