"""A stand-in for AWS, in memory: what ``etlocal deploy --target aws`` is tested against.

`Stub` gives real boto3 clients. botocore validates each request, then the stub answers it from its
own state, in the shape of botocore's model; nothing ever leaves the process, and an operation that
the stub does not have is an AssertionError that names it.

::

    aws = Stub(account="123456789012", region="eu-west-1")
    aws.client("s3").create_bucket(...)
    aws.cloudformation.fail("Topic", on="create")   # injections: one object a service
    aws.refuse("s3:PutObject", code="AccessDenied") # an operation answers an error
    aws.interrupt(at=7, when="after")               # as if the process were killed at the 7th call
    aws.calls                                       # every call, in order
    aws.snapshot()                                  # what there is, without ids and times
    aws.outside_the_stack()                         # what no stack made

What takes time on AWS goes on as it is asked for, never by a clock: a stack's operation by
DescribeStacks and DescribeStackEvents, a change set by DescribeChangeSet, SQL by any call of the
Data API, a crawl by GetCrawler. `Stub.pace` says how many steps a question makes, `Stub.settle`
ends all that is under way.

Where AWS documents no rule, what the stub does is said at the operation, under "Undocumented".
"""

from tests.unit.deploy.aws_stub.recorder import Interrupted, RecordedCall
from tests.unit.deploy.aws_stub.stub import Stub
from tests.unit.deploy.aws_stub.warehouse import Executes, Rows, StatementError

__all__ = ["Executes", "Interrupted", "RecordedCall", "Rows", "StatementError", "Stub"]
