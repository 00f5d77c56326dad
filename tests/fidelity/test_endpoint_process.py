"""The endpoint as a process: where it listens, when it is ready, how it ends, what it logs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from etlocal.parent import PARENT_VARIABLE
from etlocal.settings import Settings

from .conftest import Endpoint, free_port, launch, start

Clients = Callable[[str], Any]


def _gone(pid: int, seconds: float = 10) -> bool:
    """Wait until a process has ended (a zombie has)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_health_makes_real_calls_and_tells_the_settings(endpoint: Endpoint) -> None:
    status, document = endpoint.call("GET", "/_etlocal/health")
    assert status == 200
    assert document["status"] == "ok"
    assert document["services"]["s3"] == "running"
    assert document["services"]["stepfunctions"] == "running"
    assert document["services"]["glue"] == "running"
    assert document["settings"]["time_scale"] == 0.02
    assert document["settings"]["state_dir"] == str(endpoint.state)


def test_index_of_services_is_kept_for_the_machine_and_not_with_each_state(
    endpoint: Endpoint,
) -> None:
    assert list((Settings().cache_dir / "service-catalogs").glob("*.dill"))
    assert not list(endpoint.state.rglob("service-catalog*"))


def test_only_the_loopback_address_is_bound(endpoint: Endpoint) -> None:
    port = int(endpoint.url.rpartition(":")[2])
    # Another loopback address of the same machine answers only if every interface is bound.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_page_from_elsewhere_may_not_call(endpoint: Endpoint) -> None:
    for origin in ("https://example.com", "https://app.localstack.cloud"):
        code = (
            "import urllib.request as r, urllib.error as e, sys\n"
            "q = r.Request(sys.argv[1], method='POST', headers={'Origin': sys.argv[2]})\n"
            "try:\n    print(r.urlopen(q).status)\nexcept e.HTTPError as x:\n    print(x.code)"
        )
        url = f"{endpoint.url}/_etlocal/no-such-route"
        output = subprocess.check_output([sys.executable, "-c", code, url, origin], text=True)
        assert output.strip() == "403"


def test_a_taken_port_is_told_in_one_line(tmp_path: Path, endpoint: Endpoint) -> None:
    port = int(endpoint.url.rpartition(":")[2])
    process = launch(tmp_path, port)
    assert process.wait(timeout=30) != 0
    lines = (tmp_path / "endpoint.log").read_text().splitlines()
    assert len(lines) == 1
    assert str(port) in lines[0]
    assert "--port" in lines[0]
    assert "ETLOCAL_PORT" in lines[0]


def test_it_ends_with_its_parent_and_frees_its_port(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)
    running = start(tmp_path, parent.pid)
    # A client that waits for a message must not hold the end up.
    sqs = running.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    waiting = threading.Thread(target=_receive, args=(sqs, url), daemon=True)
    waiting.start()
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    began = time.monotonic()
    assert _gone(running.pid)
    assert time.monotonic() - began < 5
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), timeout=5)


def _receive(sqs: Any, url: str) -> None:
    try:
        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    except Exception as error:  # noqa: BLE001  (the endpoint ends under it)
        sys.stderr.write(f"{type(error).__name__}\n")


def test_sigterm_ends_it_with_code_zero_and_nothing_called_the_internet(tmp_path: Path) -> None:
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        proxy.settimeout(0.2)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        port = free_port()
        environment = {
            "HTTP_PROXY": address,
            "HTTPS_PROXY": address,
            PARENT_VARIABLE: str(os.getpid()),
        }
        process = launch(tmp_path, port, **environment)
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        running = Endpoint(f"http://127.0.0.1:{port}", process.pid, tmp_path / "state")
        # Both would ask LocalStack's catalogue.
        with pytest.raises(ClientError):
            running.client("batch").describe_job_queues()
        with pytest.raises(ClientError):
            running.client("events").list_endpoints()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        with pytest.raises(TimeoutError):
            proxy.accept()


def test_an_operation_that_is_not_emulated_answers_501_and_names_it(client: Clients) -> None:
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("glue", "get_ml_transforms", {}),
        ("redshift-serverless", "list_snapshots", {}),
        ("redshift", "describe_cluster_snapshots", {}),
    ]
    for service, operation, arguments in calls:
        with pytest.raises(ClientError) as caught:
            getattr(client(service), operation)(**arguments)
        answer = caught.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert answer["Error"]["Code"] == "NotImplemented"
        wanted = "".join(part.capitalize() for part in operation.split("_"))
        assert f"{service}.{wanted}".lower() in answer["Error"]["Message"].lower()


def test_no_secret_of_a_request_is_logged(tmp_path: Path) -> None:
    process = launch(
        tmp_path, free_port(), ETLOCAL_LOG_LEVEL="INFO", **{PARENT_VARIABLE: str(os.getpid())}
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    running = Endpoint(url, process.pid, tmp_path / "state")
    connection = {
        "Name": "c",
        "ConnectionType": "JDBC",
        "ConnectionProperties": {
            "JDBC_CONNECTION_URL": "jdbc:redshift://host:5439/dev",
            "USERNAME": "me",
            "PASSWORD": "Hush-Password1",
        },
    }
    running.client("glue").create_connection(ConnectionInput=connection)
    running.client("redshift-serverless").create_namespace(
        namespaceName="namespace", adminUsername="admin", adminUserPassword="Hush-Password1"
    )
    with pytest.raises(ClientError):
        running.client("redshift-serverless").create_namespace(
            namespaceName="namespace", adminUsername="admin", adminUserPassword="Hush-Password1"
        )
    running.client("secretsmanager").create_secret(Name="s", SecretString="Hush-Password1")
    with pytest.raises(ClientError):
        running.client("secretsmanager").create_secret(Name="s", SecretString="Hush-Password1")
    with pytest.raises(ClientError):
        running.client("glue").create_connection(ConnectionInput=connection | {"Name": "c" * 300})
    properties = {"Name": "s", "SecretString": "Hush-Password1"}
    resources = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}}
    cloudformation = running.client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": resources}))
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="s", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    log = (tmp_path / "endpoint.log").read_text()
    assert "INFO" in log
    assert "Hush" not in log
