"""Puts the parts of the persistence together, in the endpoint's process."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Container
from typing import Any

from localstack.aws import handlers
from localstack.services import plugins
from localstack.version import version as localstack_version

import etlocal
from etlocal.endpoint.configuration import localstack_root
from etlocal.endpoint.hosting import get_host
from etlocal.endpoint.persistence import containers, progress, reducers, revival
from etlocal.endpoint.persistence.blobs import BlobFolder
from etlocal.endpoint.persistence.execution_journal import DURABLE_OPERATIONS, ExecutionJournal
from etlocal.endpoint.persistence.folder import SnapshotFolder
from etlocal.endpoint.persistence.journal import Journal
from etlocal.endpoint.persistence.mutations import is_read_only
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


class Persistence:
    """The state of LocalStack's services in the state folder.

    Parameters
    ----------
    settings : Settings
        etlocal's settings; files are kept under ``state_dir/localstack``.
    without : container of str
        Services that keep their own state.
    """

    def __init__(self, settings: Settings, without: Container[str] = ()) -> None:
        root = localstack_root(settings)
        self._without = without
        self._root = root
        self._snapshots = SnapshotFolder(root / "state", _VERSIONS)
        self._blobs = BlobFolder(root / "objects")
        label = "-".join(_VERSIONS.values())
        self._journal = Journal(root / "state" / f"s3-journal-{label}")
        self._executions = ExecutionJournal(root / "state" / f"executions-{label}")
        self._buckets: Any = None
        self._saver = Saver(self.save_service)
        self._ready: set[str] = set()

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
        self._saver.stop()
        self._journal.close()

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
        keep = self._before_bytes_go() if name == "s3" else None
        payload = containers.capture(service)
        if payload is not None:
            self._snapshots.write(name, payload)
        if keep is not None:
            keep()
        service.lifecycle_hook.on_after_state_save()
        LOG.debug("saved %s in %.3f s", name, time.monotonic() - began)

    def forget(self) -> None:
        """Delete what is saved, of every service; to be called when they have been cleared."""
        self._saver.forget()
        for name in self._snapshots.services():
            self._snapshots.remove(name)
        self._journal.clear()
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
        changed = self._finish_buckets(loaded) if name == "s3" else False
        if loaded:
            changed = revival.revive(name, service) or changed
        if name == "stepfunctions":
            self._keep_executions()
        self._ready.add(name)
        progress.watch(name, lambda: self._saver.mark(name))
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

    def _finish_buckets(self, loaded: bool) -> bool:
        """Take what the journal has beyond the snapshot; tell whether there was anything."""
        from etlocal.endpoint.persistence import bucket_journal

        self._buckets = bucket_journal.BucketJournal(self._journal)
        replayed: int = self._buckets.replay()
        known = list(bucket_journal.known_blobs())
        # Without metadata nothing says which bytes are needed: they may be those of a snapshot
        # that was set aside.
        if loaded or known:
            self._blobs.restore(known)
        return replayed > 0

    def _before_bytes_go(self) -> Callable[[], None]:
        """Note what the snapshot to come makes needless; give what deletes it."""
        from etlocal.endpoint.persistence.bucket_journal import known_blobs

        number = self._journal.rotate()
        doomed = self._blobs.doomed() - set(known_blobs())

        def finish() -> None:
            self._journal.drop(number)
            self._blobs.delete(doomed)

        return finish

    def _after_response(self, _: Any, context: Any, response: Any) -> None:
        if context.service is None or context.operation is None:
            return
        name, operation = context.service.service_name, context.operation.name
        if name not in self._ready or is_read_only(operation):
            return
        if name == "stepfunctions" and operation in DURABLE_OPERATIONS:
            return
        self._saver.mark(name)
        if name == "s3" and response.status_code < 400:
            try:
                self._buckets.record(operation, context.service_request, context.service_response)
            except OSError:
                # Success may not be reported of what would be gone after a crash.
                LOG.exception("%s cannot be written to the state folder", operation)
                response.set_response(b"")
                response.status_code = 500


def _wait_for_services() -> None:
    """Wait until executions find the services that they call."""
    plugins.SERVICE_PLUGINS.require("stepfunctions")
    if not get_host().wait_until_started():
        LOG.error("Glue and Redshift have not started in time; executions go on without them")
