"""Physical ids and attributes of a stack's resources, in the form that AWS gives them.

Source: AWS CloudFormation Template Reference, "Return values" of each type.
"""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.aws_stub import cfn_schemas
from tests.unit.deploy.aws_stub.world import World

# Types whose Ref is more than a name. {name} is the name, made or given.
_REFS = {
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "https://sqs.{region}.amazonaws.com/{account}/{name}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-stubbd",
}
# Properties that name a resource where the schema's identifier does not, with dots within.
_NAMES = {
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Glue::Database": "DatabaseInput.Name",
    "AWS::Glue::Connection": "ConnectionInput.Name",
    "AWS::Glue::Classifier": "CsvClassifier.Name",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::Events::Rule": "Name",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{id}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::SNS::Topic": "{id}",
    "AWS::StepFunctions::StateMachine": "{id}",
    "AWS::RedshiftServerless::Workgroup":
        "arn:aws:redshift-serverless:{region}:{account}:workgroup/{uuid}",
    "AWS::RedshiftServerless::Namespace":
        "arn:aws:redshift-serverless:{region}:{account}:namespace/{uuid}",
}  # fmt: skip


def physical_id(
    world: World, stack: str, logical: str, resource_type: str, properties: dict[str, Any]
) -> str:
    """Give a new resource's id: the name its properties have, or one made of the stack's name."""
    name = _given_name(world, resource_type, properties)
    if name is None:
        lower = resource_type == "AWS::S3::Bucket"
        suffix = world.suffix(f"{stack}/{logical}", lower=lower)
        # Names of buckets have 63 characters at most, those of roles 64.
        name = f"{stack[:24]}-{logical[:24]}-{suffix}"
        name = name.lower() if lower else name
    form = _REFS.get(resource_type, "{name}")
    return form.format(region=world.region, account=world.account, name=name)


def attributes(world: World, physical: str, logical: str, resource_type: str) -> dict[str, Any]:
    """Give what Fn::GetAtt gives of a resource; what no test looks at is a name of its own."""
    found = {
        name: f"{logical}.{name}" for name in cfn_schemas.attributes(world.region, resource_type)
    }
    arn = _ARNS.get(resource_type)
    if arn is None:
        return found
    made = arn.format(
        region=world.region,
        account=world.account,
        id=physical,
        name=physical.rsplit("/", 1)[-1].rsplit(":", 1)[-1],
        uuid=world.uuid(f"{logical}.Arn") if "{uuid}" in arn else "",
    )
    for name in found:
        if name.rsplit(".", 1)[-1] in ("Arn", "TopicArn", "WorkgroupArn", "NamespaceArn"):
            found[name] = made
    if resource_type == "AWS::RedshiftServerless::Workgroup":
        host = f"{physical}.{world.account}.{world.region}.redshift-serverless.amazonaws.com"
        found["Workgroup.Endpoint.Address"] = host
        found["Workgroup.Endpoint.Port"] = "5439"
    return found


def _given_name(world: World, resource_type: str, properties: dict[str, Any]) -> str | None:
    path = _NAMES.get(resource_type) or cfn_schemas.identifier(world.region, resource_type)
    value: Any = properties
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
