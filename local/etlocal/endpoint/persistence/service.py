"""Puts the parts of the persistence together, in the endpoint's process."""

from __future__ import annotations

import logging
import platform
import sqlite3
import threading
import time
from collections.abc import Callable, Container
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException
from localstack.aws.protocol.serializer import create_serializer
from localstack.services import plugins
from localstack.version import version as localstack_version

import etlocal
from etlocal.endpoint.configuration import localstack_root
from etlocal.endpoint.deliveries import Courier, Hold
from etlocal.endpoint.hosting import get_host
from etlocal.endpoint.persistence import containers, progress, reducers, revival
from etlocal.endpoint.persistence.blobs import BlobFolder
from etlocal.endpoint.persistence.execution_journal import DURABLE_OPERATIONS, ExecutionJournal
from etlocal.endpoint.persistence.folder import SnapshotFolder
from etlocal.endpoint.persistence.journal import Journal
from etlocal.endpoint.persistence.mutations import is_kept_otherwise, is_read_only
from etlocal.endpoint.persistence.saver import Saver
from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

_VERSIONS = {
    "etlocal": etlocal.__version__,
    "localstack": localstack_version,
    # Functions are pickled as the interpreter's own code.
    "python": platform.python_version().rpartition(".")[0],
}
# A service that reads another's state without calling it.
_READS = {"sts": ("iam",)}
# Bytes of a journal that are soon read again.
_LONG_JOURNAL = 1 << 20
# A service that says what has become of others: it is written after them.
_LAST = "cloudformation"


class Persistence:
    """The state of LocalStack's services in the state folder.

    Parameters
    ----------
    settings : Settings
        etlocal's settings; files are kept under ``state_dir/localstack``.
    courier : Courier
        Delivers what S3 tells of its changes.
    without : container of str
        Services that keep their own state.
    """

    def __init__(self, settings: Settings, courier: Courier, without: Container[str] = ()) -> None:
        root = localstack_root(settings)
        self._courier = courier
        self._without = without
        self._root = root
        self._snapshots = SnapshotFolder(root / "state", _VERSIONS)
        self._blobs = BlobFolder(root / "objects")
        label = "-".join(_VERSIONS.values())
        self._journals = {
            name: Journal(root / "state" / f"{name}-journal-{label}")
            for name in ("s3", "sqs", "logs")
        }
        self._executions = ExecutionJournal(root / "state" / f"executions-{label}")
        self._buckets: Any = None
        self._logs: Any = None
        # A record of S3 stays until the events that it tells of are released.
        self._settling = threading.Lock()
        self._ends = self._ends_kept = 0
        self._saver = Saver(self.save_service)
        self._ready: set[str] = set()
        # Services of which a journal has more than the snapshot, and how large their snapshots are.
        self._journaled: set[str] = set()
        self._sizes: dict[str, int] = {}

    def install(self) -> None:
        """Have every service loaded when it is started, and saved when it changed.

        To be called before requests are answered.
        """
        reducers.register_common()
        start = plugins.ServiceContainer.start

        def start_with_state(container: Any) -> Any:
            self._prepare(container.service)
            return start(container)

        plugins.ServiceContainer.start = start_with_state
        handlers.run_custom_response_handlers.append(self._after_response)
        self._saver.start()

    def freeze(self) -> None:
        """Take no more note of executions; to be called before the services end.

        They fail when what they call is gone, and would go on after a restart otherwise.
        """
        self._executions.freeze()

    def stop(self) -> None:
        """Save what is not saved yet; to be called when no more requests are answered."""
        for name in sorted(self._journaled):
            self._saver.mark(name)
        self._saver.stop()
        for journal in self._journals.values():
            journal.close()

    def save_service(self, name: str) -> None:
        """Save one service's state.

        Parameters
        ----------
        name : str
            The service's name; one that is not running is left alone.

        Raises
        ------
        Exception
            If it could not be saved: what was saved before is still there.
        """
        service = plugins.SERVICE_PLUGINS.get_service(name) if name in self._ready else None
        if service is None:
            return
        began = time.monotonic()
        service.lifecycle_hook.on_before_state_save()
        finish = self._before_capture(name)
        payload = containers.capture(service)
        # Whatever the payload says of other services is true of them before it is written.
        if name == _LAST and not self._saver.save_marked(without=(_LAST,)):
            raise containers.StateError("the services that it tells of could not be saved")
        if payload is not None:
            self._snapshots.write(name, payload)
            self._sizes[name] = len(payload)
        finish()
        service.lifecycle_hook.on_after_state_save()
        LOG.debug("saved %s in %.3f s", name, time.monotonic() - began)

    def forget(self) -> None:
        """Delete what is saved, of every service; to be called when they have been cleared."""
        self._saver.forget()
        for name in self._snapshots.services():
            self._snapshots.remove(name)
        for journal in self._journals.values():
            journal.clear()
        self._journaled.clear()
        self._sizes.clear()
        self._executions.clear()
        self._blobs.clear()

    def _prepare(self, service: Any) -> None:
        """Make a service that is about to start know what it knew."""
        name = service.name()
        if name in self._without or name in self._ready:
            return
        for other in _READS.get(name, ()):
            if self._snapshots.has(other):
                plugins.SERVICE_PLUGINS.require(other)
        reducers.register(name)
        if name == "s3":
            self._keep_bytes(service._provider)
        elif name == "cloudwatch":
            self._keep_metrics(service._provider)
        loaded = self._load(name, service)
        changed = self._replay(name, loaded)
        if loaded:
            changed = revival.revive(name, service) or changed
        if name == "stepfunctions":
            self._keep_executions()
        self._ready.add(name)
        progress.watch(name, lambda: self._saver.mark(name), self._note_end)
        if changed:
            self._saver.mark(name)

    def _load(self, name: str, service: Any) -> bool:
        payload = self._snapshots.read(name)
        if payload is None:
            return False
        began = time.monotonic()
        service.lifecycle_hook.on_before_state_load()
        try:
            containers.restore(service, payload)
        except Exception:
            kept = self._snapshots.set_aside(name, "unreadable")
            LOG.exception("the saved state of %s cannot be read; it is kept as %s", name, kept)
            return False
        LOG.debug("loaded %s in %.3f s", name, time.monotonic() - began)
        return True

    def _keep_bytes(self, provider: Any) -> None:
        from etlocal.endpoint.persistence.objects import FileObjectStore

        provider._storage_backend = FileObjectStore(self._blobs)

    def _keep_metrics(self, provider: Any) -> None:
        from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase

        folder = self._root / "cloudwatch"
        CloudwatchDatabase.CLOUDWATCH_DATA_ROOT = str(folder)
        CloudwatchDatabase.METRICS_DB = str(folder / CloudwatchDatabase.DB_NAME)
        CloudwatchDatabase.METRICS_DB_READ_ONLY = f"file:{CloudwatchDatabase.METRICS_DB}?mode=ro"
        provider.cloudwatch_database = CloudwatchDatabase()

    def _keep_executions(self) -> None:
        from etlocal.endpoint.persistence.executions import Executions

        executions = Executions(self._executions, _wait_for_services)
        executions.install()
        executions.restore()

    def _replay(self, name: str, loaded: bool) -> bool:
        """Take what the service's journal has beyond the snapshot; tell whether it had anything."""
        if name == "s3":
            return self._finish_buckets(loaded)
        replayed = 0
        if name == "sqs":
            from etlocal.endpoint.persistence.queue_journal import QueueJournal

            queues = QueueJournal(self._journals[name])
            replayed = queues.replay()
            queues.install()
        elif name == "logs":
            from etlocal.endpoint.persistence.log_journal import LogJournal

            self._logs = LogJournal(self._journals[name])
            replayed = self._logs.replay()
        return replayed > 0

    def _finish_buckets(self, loaded: bool) -> bool:
        from etlocal.endpoint.persistence import bucket_journal

        self._buckets = bucket_journal.BucketJournal(self._journals["s3"])
        replayed: int = self._buckets.replay()
        self._courier.settle(self._buckets.told)
        known = list(bucket_journal.known_blobs())
        # Without metadata nothing says which bytes are needed: they may be those of a snapshot
        # that was set aside.
        if loaded or known:
            self._blobs.restore(known)
        return replayed > 0

    def _before_capture(self, name: str) -> Callable[[], None]:
        """Note what the snapshot to come makes needless; give what deletes it."""
        journal = self._journals.get(name)
        if journal is None:
            return lambda: None
        # Before the journal turns: what is written down from then on is not in this snapshot.
        self._journaled.discard(name)
        number = journal.rotate()
        doomed = self._doomed_bytes() if name == "s3" else set()

        def finish() -> None:
            with self._settling:
                journal.drop(number)
            self._blobs.delete(doomed)

        return finish

    def _doomed_bytes(self) -> set[Any]:
        from etlocal.endpoint.persistence.bucket_journal import known_blobs

        return self._blobs.doomed() - set(known_blobs())

    def _after_response(self, _: Any, context: Any, response: Any) -> None:
        """Let a success be answered when it will still be true after a crash."""
        if context.service is None or context.operation is None:
            return
        name, operation = context.service.service_name, context.operation.name
        hold = self._courier.take_hold(context.request_id) if name == "s3" else None
        if name not in self._ready:
            return
        is_success = response.status_code < 400
        if hold is not None and not is_success:
            self._courier.cancel(hold)
        if is_read_only(operation):
            if name == _LAST and not self._is_end_kept():
                _fail(context, response)
            return
        if not is_success:
            self._saver.mark(name)
        elif not self._is_kept(name, context, hold):
            _fail(context, response)

    def _note_end(self) -> None:
        self._saver.mark(_LAST)
        self._ends += 1

    def _is_end_kept(self) -> bool:
        """Save how a stack's operation ended before somebody is told; tell whether it is saved."""
        ends = self._ends
        if self._ends_kept < ends and self._saver.save_changes(_LAST):
            self._ends_kept = max(self._ends_kept, ends)
        return self._ends_kept >= ends

    def _is_kept(self, name: str, context: Any, hold: Hold | None) -> bool:
        operation = context.operation.name
        try:
            if name == "s3":
                self._keep_bucket(context, hold)
            elif name == "logs" and operation == "PutLogEvents":
                self._keep_log_events(context)
        except (OSError, sqlite3.Error):
            LOG.exception("%s cannot be written to the state folder", operation)
            return False
        if name == "events" and operation == "PutEvents":
            # Only an archive of events is changed by it, and says so itself.
            return self._saver.save_changes(name)
        if name == "stepfunctions" and operation in DURABLE_OPERATIONS:
            return True
        if name == "s3" or is_kept_otherwise(name, operation):
            self._note_kept(name)
            return True
        return self._saver.save_now(name)

    def _note_kept(self, name: str) -> None:
        """Leave a change to its journal until that is as long as the snapshot that replaces it."""
        journal = self._journals.get(name)
        if journal is not None and journal.size < max(_LONG_JOURNAL, self._sizes.get(name, 0)):
            self._journaled.add(name)
        else:
            self._saver.mark(name)

    def _keep_bucket(self, context: Any, hold: Hold | None) -> None:
        identity = hold.id if hold is not None and hold.deliveries else None
        with self._settling:
            self._buckets.record(
                context.operation.name, context.service_request, context.service_response, identity
            )
            if hold is not None:
                self._courier.release(hold)
        for call in hold.calls if hold is not None else ():
            call()

    def _keep_log_events(self, context: Any) -> None:
        request = context.service_request
        self._logs.record(
            context.account_id, context.region, request["logGroupName"], request["logStreamName"]
        )


def _fail(context: Any, response: Any) -> None:
    """Answer that an operation failed: success may not be told of what a crash would undo."""
    serializer = create_serializer(context.service, context.protocol)
    error = CommonServiceException(
        "InternalFailure",
        "The change could not be saved; the endpoint's log has the details.",
        status_code=500,
    )
    response.update_from(
        serializer.serialize_error_to_response(
            error, context.operation, context.request.headers, context.request_id
        )
    )


def _wait_for_services() -> None:
    """Wait until executions find the services that they call."""
    plugins.SERVICE_PLUGINS.require("stepfunctions")
    if not get_host().wait_until_started():
        LOG.error("Glue and Redshift have not started in time; executions go on without them")
