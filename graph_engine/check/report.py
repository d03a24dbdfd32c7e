"""What a check says of a document: a spec for every port, a list of problems, the cost of every node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from graph_engine.blocks.tensor import TensorSpec
from graph_engine.document.document import MAIN
from graph_engine.document.edits import AnyEdit


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class State(StrEnum):
    """Where a node stands. `WAITING`: nothing is wrong with it, but something before it is."""

    OK = "ok"
    ERROR = "error"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that one click applies."""

    label: str
    edit: AnyEdit


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong: where, what, what was expected, and what would mend it.

    `node` is None for what concerns the whole document. `message` is our sentence, `detail` torch's own words if any.
    """

    severity: Severity
    message: str
    node: str | None = None
    port: str | None = None
    parameter: str | None = None
    expected: str = ""
    detail: str = ""
    fixes: tuple[Fix, ...] = ()
    graph: str = MAIN


@dataclass(frozen=True, slots=True)
class Cost:
    """What a node costs for one sample; where the length of a sequence is not known, for one step of it.

    `params` and `trainable` in numbers, `buffers` in numbers (running averages), `macs` in multiply-adds of
    convolution, linear and matrix products, `activation_bytes` in bytes of what leaves its
    ports, `parameter_bytes` in bytes.
    """

    params: int = 0
    trainable: int = 0
    buffers: int = 0
    macs: int = 0
    activation_bytes: int = 0
    parameter_bytes: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.params + other.params,
            self.trainable + other.trainable,
            self.buffers + other.buffers,
            self.macs + other.macs,
            self.activation_bytes + other.activation_bytes,
            self.parameter_bytes + other.parameter_bytes,
        )


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What is known of one node.

    `message` is the first problem's sentence, for the node itself to show; `lacks` are the inputs that still
    need a wire.
    """

    state: State
    inputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    cost: Cost = Cost()
    tell: str = ""
    message: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to one revision of a document. `nodes` are those of the main graph."""

    revision: int
    nodes: Mapping[str, NodeReport] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    total: Cost = Cost()

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    @property
    def ok(self) -> bool:
        """Whether the document compiles and runs."""
        return not self.errors
