"""Changes to LocalStack that no request shows: each in a process of the endpoint's environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from etlocal import environments
from etlocal.endpoint.overlay import make_overlay


def in_endpoint(code: str, *path: Path, **environment: str) -> str:
    """Run code in the endpoint's environment; give what it prints."""
    variables = os.environ | environment
    variables["PYTHONPATH"] = os.pathsep.join(map(str, path))
    done = subprocess.run(
        [str(environments.ensure(environments.ENDPOINT)), "-c", code],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_changed_plug_in_is_found_though_its_files_times_are_the_same(tmp_path: Path) -> None:
    overlay = make_overlay(tmp_path / "overlays")
    entry_points = next(overlay.glob("*.dist-info")) / "entry_points.txt"
    times = [(path, path.stat()) for path in (entry_points, entry_points.parent, overlay)]
    code = (
        "from etlocal.endpoint import patches\n"
        "patches.apply_before_import()\n"
        "from plux.runtime.cache import EntryPointsCache\n"
        "points = EntryPointsCache.instance().get_entry_points()['localstack.aws.provider']\n"
        "print(next(p.value for p in points if p.name == 'glue:default'))\n"
    )
    cache = tmp_path / "cache"
    assert in_endpoint(code, overlay, XDG_CACHE_HOME=str(cache)).endswith("providers:glue\n")
    entry_points.write_text(entry_points.read_text().replace("providers:glue\n", "other:glue\n"))
    for path, before in times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert in_endpoint(code, overlay, XDG_CACHE_HOME=str(cache)).endswith("other:glue\n")
    assert not cache.exists()


def test_step_functions_loads_no_emulated_ec2_until_batch_is_wanted(tmp_path: Path) -> None:
    code = """
import sys
from etlocal.endpoint import patches
patches.apply_before_import()
from moto.batch.utils import JobStatus
print(JobStatus.SUCCEEDED.value, "moto.ec2" in sys.modules)
from moto.batch import batch_backends
print(batch_backends.service_name, "moto.ec2" in sys.modules)
"""
    overlay = make_overlay(tmp_path / "overlays")
    assert in_endpoint(code, overlay).splitlines() == ["SUCCEEDED False", "batch True"]


def test_a_stack_has_its_outputs_and_template_before_it_is_complete(tmp_path: Path) -> None:
    code = """
from types import SimpleNamespace
from localstack.services.cloudformation.v2.entities import ChangeSet, Stack
from etlocal.endpoint.patches import cfn_rollback

stack = Stack("000000000000", "us-east-1", {"StackName": "s"})
template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
changes = ChangeSet(stack, {"ChangeSetName": "c"}, template_body="{}", template=template)
output = {"OutputKey": "Url", "OutputValue": "u", "ExportName": "url"}
deployed = SimpleNamespace(
    _change_set=changes, process=lambda: None, _deferred_actions=[], resources={}, outputs=[output]
)
cfn_rollback._execute(deployed)
print(stack.resolved_outputs == [output], stack.resolved_exports, stack.template == template)
"""
    assert in_endpoint(code, make_overlay(tmp_path)) == "True {'url': 'u'} True\n"


def test_a_resource_in_progress_is_asked_again_at_once(tmp_path: Path) -> None:
    code = """
import time
from localstack import config
from localstack.services.cloudformation import resource_provider as rp
from etlocal.endpoint.patches import cfn_deploy_loop
from etlocal.settings import Settings

cfn_deploy_loop.apply(Settings())
config.CFN_NO_WAIT_ITERATIONS = 5  # what LocalStack's provider sets when it starts
slept = []
time.sleep = slept.append
states = [rp.OperationStatus.IN_PROGRESS] * 30 + [rp.OperationStatus.SUCCESS]

class Executor(rp.ResourceProviderExecutor):
    def execute_action(self, provider, payload):
        return rp.ProgressEvent(status=states.pop(0), resource_model={"Name": "n"})

class Provider:
    SCHEMA = {"primaryIdentifier": ["/properties/Name"]}

payload = {
    "action": "Add",
    "resourceType": "AWS::Test::Thing",
    "callbackContext": {},
    "requestData": {"logicalResourceId": "Thing", "resourceProperties": {}},
}
event = Executor(stack_name="s", stack_id="i").deploy_loop(Provider(), {}, payload)
assert event.status == rp.OperationStatus.SUCCESS
print(max(slept), len(slept))
"""
    longest, times = in_endpoint(code, make_overlay(tmp_path)).split()
    assert float(longest) <= 0.1
    # The first five times LocalStack asks without a pause.
    assert int(times) == 25


def test_a_jsonata_expression_that_many_threads_share_keeps_nothing_of_one_evaluation(
    tmp_path: Path,
) -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
from etlocal.endpoint.jsonata_engine import UNDEFINED, evaluate

TEXT = "($f := $substring(?, 1, ?); $n := $a * 2; $map($list, function($v) { $f($v, 2) & $n }))"

def one(number):
    given = {"a": number, "list": [f"x{number}yz", "uvw"]}
    return evaluate(TEXT, given) == [f"{f'x{number}yz'[1:3]}{2 * number}", f"vw{2 * number}"]

with ThreadPoolExecutor(16) as pool:
    print(all(pool.map(one, range(500))))
print(evaluate("$b := 1", {}), evaluate("$b", {}) is UNDEFINED)
print(evaluate("[1, 2][$ = $k]", {"k": 1}), evaluate("[1, 2][$ = $k]", {"k": 3}) is UNDEFINED)
print(len({evaluate("$uuid()", {}) for _ in range(20)}))
try:
    evaluate("(", {})
except Exception as error:
    print(type(error).__name__, evaluate("1 + 1", {}))
"""
    overlay = make_overlay(tmp_path / "overlays")
    assert in_endpoint(code, overlay).splitlines() == [
        "True",
        "1 True",
        "1 True",
        "20",
        "JsonataError 2",
    ]


def test_an_operations_model_is_looked_up_once_and_is_the_service_s_own(tmp_path: Path) -> None:
    code = """
from etlocal.endpoint import patches
patches.apply_before_import()
from etlocal.endpoint.patches import operation_models
from importlib import import_module
STATE = "localstack.services.stepfunctions.asl.component.state.state_execution"
tasks = import_module(f"{STATE}.state_task.service.state_task_service")
find = tasks.StateTaskService._get_boto_operation_model
expected = find("glue", "get_crawler").name, find("redshift-data", "describe_statement").name
seen = []
camel_to_snake = tasks.camel_to_snake_case
tasks.camel_to_snake_case = lambda name: seen.append(name) or camel_to_snake(name)
operation_models.apply(None)
find = tasks.StateTaskService._get_boto_operation_model
print([(find("glue", "get_crawler").name, find("redshift-data", "describe_statement").name)
       for _ in range(3)] == [expected] * 3, expected)
print(seen.count("GetCrawler"))
try:
    find("glue", "no_such_action")
except RuntimeError as error:
    print(error)
"""
    overlay = make_overlay(tmp_path / "overlays")
    assert in_endpoint(code, overlay).splitlines() == [
        "True ('GetCrawler', 'DescribeStatement')",
        "1",
        "No api action named 'no_such_action' available for service 'glue'.",
    ]


def test_models_of_services_are_plain_dictionaries_with_the_same_content(tmp_path: Path) -> None:
    code = """
from botocore.loaders import Loader
path = "glue", "service-2"
before = Loader().load_service_model(*path)
from etlocal.endpoint import patches
patches.apply_before_import()
after = Loader().load_service_model(*path)
print({type(each) for each in (after, after["shapes"], after["operations"]["GetTable"])})
print(after == before, list(after["operations"]) == list(before["operations"]))
"""
    overlay = make_overlay(tmp_path / "overlays")
    assert in_endpoint(code, overlay).splitlines() == ["{<class 'dict'>}", "True True"]


def test_a_content_type_is_parsed_once_and_no_access_log_is_formatted(tmp_path: Path) -> None:
    code = """
from types import SimpleNamespace
from etlocal.endpoint import patches
patches.apply_before_import()
from etlocal.endpoint.patches import http_overhead
from rolo.serving.twisted import TwistedGateway
from twisted.web import http
made = []
message = http.EmailMessage
http.EmailMessage = lambda: made.append(1) or message()
http_overhead.apply(None)
print([http._parseContentType(b'Text/XML; charset=\\"a\\"') for _ in range(3)], len(made))
print(http._parseContentType(b"application/x-www-form-urlencoded"), len(made))
site = object.__new__(TwistedGateway)
lines = []
site.logFile = SimpleNamespace(write=lines.append)
site._logFormatter = lambda *_: "a line"
site._logDateTime = ""
site.log(SimpleNamespace())
print(lines)
"""
    overlay = make_overlay(tmp_path / "overlays")
    assert in_endpoint(code, overlay).splitlines() == [
        "[b'text/xml', b'text/xml', b'text/xml'] 1",
        "b'application/x-www-form-urlencoded' 2",
        "[]",
    ]
