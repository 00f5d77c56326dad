"""LocalStack's runtime, served on the address that the settings name: the loopback interface.

LocalStack's own main control loop binds every interface whatever address it is given, goes on when
its port is taken, and waits up to ten seconds for open requests when it ends. An endpoint without
authentication on a laptop may do none of these.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from localstack import config
from localstack.runtime import current, hooks
from localstack.runtime.components import Components
from localstack.runtime.runtime import LocalstackRuntime
from plux import PluginManager
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor  # type: ignore[import-not-found]
from twisted.internet.error import CannotListenError  # type: ignore[import-not-found]

LOG = logging.getLogger(__name__)

# Long polls (an SQS receive, a .sync task) are cut off rather than waited for.
_GRACE_SECONDS = 1.0
# A burst of executions connects at once; what does not fit waits a second before it tries again.
_BACKLOG = 1024


class PortInUseError(Exception):
    """The endpoint's port cannot be bound."""


class EndpointRuntime(LocalstackRuntime):  # type: ignore[misc]
    """LocalStack's runtime with our start and end.

    Parameters
    ----------
    components : localstack.runtime.components.Components
        The gateway with its services.
    on_ready : callable
        Called in a thread of its own once requests are answered.
    """

    def __init__(self, components: Any, on_ready: Callable[[], None]) -> None:
        super().__init__(components)
        self._ready_callback = on_ready
        self._ending = threading.Event()

    def run(self) -> None:
        """Serve until `exit` is called.

        Raises
        ------
        PortInUseError
            If the port is taken; nothing was started then.
        """
        self._init_filesystem()
        self._on_starting()
        self._listen()
        reactor.callWhenRunning(self._start_ready)
        reactor.suggestThreadPoolSize(config.GATEWAY_WORKER_COUNT)
        try:
            reactor.run(installSignalHandlers=False)
        finally:
            self._on_return()

    def shutdown(self) -> None:
        """Run the shutdown hooks and end the main loop; later calls do nothing."""
        with self._lifecycle_lock:
            if self._ending.is_set():
                return
            self._ending.set()
            self.stopping.set()
        hooks.on_runtime_shutdown.run()
        reactor.callFromThread(self._stop_reactor)

    def _listen(self) -> None:
        for address in config.GATEWAY_LISTEN:
            endpoint = endpoints.TCP4ServerEndpoint(
                reactor, address.port, backlog=_BACKLOG, interface=address.host
            )
            failures: list[Any] = []
            endpoint.listen(TwistedGateway(self.components.gateway)).addErrback(failures.append)
            for failure in failures:
                if failure.check(CannotListenError):
                    raise PortInUseError(str(address))
                failure.raiseException()

    def _start_ready(self) -> None:
        threading.Thread(target=self._run_ready, name="etlocal-ready", daemon=True).start()

    def _run_ready(self) -> None:
        try:
            hooks.on_runtime_ready.run()
            self._ready_callback()
        except Exception:
            LOG.exception("the endpoint could not be made ready")
            self.exit(1)
            return
        self.ready.set()

    def _stop_reactor(self) -> None:
        # The pool's own stop, which the reactor calls at its end, joins threads without a limit.
        _bound_thread_pool_stop(reactor.getThreadPool())
        reactor.stop()


def make_runtime(on_ready: Callable[[], None]) -> EndpointRuntime:
    """Make the runtime and enter it as LocalStack's current one.

    Parameters
    ----------
    on_ready : callable
        See `EndpointRuntime`.
    """
    hooks.on_runtime_create.run()
    manager = PluginManager(Components.namespace)
    runtime = EndpointRuntime(manager.load("aws"), on_ready)
    current.set_current_runtime(runtime)
    return runtime


def _bound_thread_pool_stop(pool: Any) -> None:
    def stop() -> None:
        pool.joined = True
        pool.started = False
        pool._team.quit()
        for thread in list(pool.threads):
            thread.join(_GRACE_SECONDS / max(len(pool.threads), 1))

    pool.stop = stop
