"""CloudFormation: the stacks there are, and how they are found."""

from __future__ import annotations

from tests.unit.deploy.aws_stub.cfn_deletion import Injected
from tests.unit.deploy.aws_stub.cfn_effects import Effects
from tests.unit.deploy.aws_stub.cfn_progress import Progress
from tests.unit.deploy.aws_stub.cfn_stack import Stack
from tests.unit.deploy.aws_stub.cfn_templates import invalid
from tests.unit.deploy.aws_stub.s3_state import Buckets
from tests.unit.deploy.aws_stub.service import AwsError, Service
from tests.unit.deploy.aws_stub.world import World


class CloudFormationState(Service):
    """Stacks by name and by ARN, and the failures that tests ask for."""

    name = "cloudformation"
    invalid = "ValidationError"
    documented = frozenset({"ValidationError"})
    # Events of stacks have them (User Guide, "Stack status codes"), StackEvent's model does not.
    beyond = frozenset(
        {
            "REVIEW_IN_PROGRESS",
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        }
    )

    def __init__(self, world: World, buckets: Buckets, effects: Effects) -> None:
        super().__init__(world)
        self.buckets = buckets
        self.progress = Progress(effects)
        self.stacks: list[Stack] = []

    def fail(
        self, logical_id: str, *, on: str, reason: str = "Internal Failure",
        times: int | None = None,
    ) -> None:  # fmt: skip
        """Let a resource fail.

        Parameters
        ----------
        logical_id : str
        on : str
            ``create``, ``update``, ``rollback`` (of an update) or ``delete``.
        reason : str
            The event's.
        times : int or None
            How often; None for always, until `heal`.
        """
        assert on in ("create", "update", "rollback", "delete")
        self.progress.failures[logical_id, on] = Injected(reason, times)

    def heal(self, logical_id: str) -> None:
        """Let a resource fail no more."""
        for key in [key for key in self.progress.failures if key[0] == logical_id]:
            del self.progress.failures[key]

    def add(self, name: str) -> Stack:
        """Make a stack."""
        made = Stack(self.world, name)
        self.stacks.append(made)
        return made

    def find(self, name: str) -> Stack | None:
        """Give a stack by its name, or by its ARN, by which deleted ones are found too."""
        for stack in reversed(self.stacks):
            if stack.id == name or (stack.name == name and stack.status != "DELETE_COMPLETE"):
                return stack
        return None

    def existing(self, name: str, message: str = "Stack [{name}] does not exist") -> Stack:
        """Give a stack.

        Raises
        ------
        AwsError
            If there is none.
        """
        found = self.find(name)
        if found is None:
            raise self.missing(name, message)
        return found

    def missing(self, name: str, message: str) -> AwsError:
        """Make the error for a stack that is not there."""
        return invalid(message.format(name=name))

    def settle(self) -> None:
        """End what is under way."""
        for stack in self.stacks:
            while stack.in_progress:
                stack.advance(1)
