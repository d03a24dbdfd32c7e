"""What a check says of a document: a spec for every port, a list of problems, the cost of every node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from graph_engine.blocks.block import Block
from graph_engine.blocks.tensor import TensorSpec
from graph_engine.document.document import MAIN
from graph_engine.document.edits import AnyEdit


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(StrEnum):
    """What sort of problem it is: a name that stays when its sentence is worded anew."""

    UNKNOWN_BLOCK = "unknown_block"
    PARAMETER = "parameter"
    STRAY_PARAMETER = "stray_parameter"
    """A file gives a value to a parameter that the block has not."""
    STRAY_WIRE = "stray_wire"
    BYPASSED = "bypassed"
    """What is taken of a bypassed node does not leave it."""
    KIND = "kind"
    """A port takes another kind of tensor than comes."""
    REFUSED = "refused"
    """The block can't be computed from what comes, or not with these parameters."""
    SHARING = "sharing"
    CUSTOM_CODE = "custom_code"
    NOT_TRUSTED = "not_trusted"
    REPEAT = "repeat"
    OVER_TIME = "over_time"
    CIRCLE = "circle"
    UNWIRED = "unwired"
    UNUSED = "unused"
    SAME_NAME = "same_name"
    NO_OUTPUT = "no_output"
    NO_LOSS = "no_loss"
    EMPTY = "empty"
    NO_DATA = "no_data"
    STRAY_BINDING = "stray_binding"
    OPEN_SHAPE = "open_shape"
    NO_FIELD = "no_field"
    FIELD_SHAPE = "field_shape"
    CLASSES = "classes"
    PLAN = "plan"
    """The plan names what is not there, or judges the wrong way round."""
    IDLE_LOSS = "idle_loss"
    """No update of the plan makes a loss small."""
    UNTRAINED = "untrained"
    """No update of the plan trains a node with weights."""


class State(StrEnum):
    """Where a node stands. `WAITING`: nothing is wrong with it, but something before it is."""

    OK = "ok"
    ERROR = "error"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class TrustCode:
    """No edit, since it is kept with the user and not in the file: the code of the document may run.

    Who offers it shows the code first.
    """


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that one click applies."""

    label: str
    edit: AnyEdit | TrustCode


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong: where, what, what was expected, and what would mend it.

    `node` is None for what concerns the whole document. `message` is our sentence, `detail` torch's own words if any.
    """

    severity: Severity
    code: Code
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
    need a wire. `block` has the node's values with formulas computed. `inside` is the check of each turn of a
    composite. `weights` tells which modules it has: nodes of equal `weights` can share them.
    """

    state: State
    inputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    cost: Cost = Cost()
    tell: str = ""
    message: str = ""
    lacks: tuple[str, ...] = ()
    block: Block | None = None
    inside: tuple[GraphReport, ...] = ()
    weights: Any = ()


@dataclass(frozen=True, slots=True)
class GraphReport:
    """The check of one graph as it is used: with `values` for what its formulas name, on what arrives at its inputs.

    `inputs` and `outputs` are by the names of its ports; `problems` are its own and those of composites inside it.
    """

    graph: str
    values: Mapping[str, Any]
    inputs: Mapping[str, TensorSpec]
    nodes: Mapping[str, NodeReport]
    outputs: Mapping[str, TensorSpec]
    problems: tuple[Problem, ...]
    cost: Cost
    weights: Any = ()

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to one revision of a document. `nodes` are those of the main graph.

    `main` holds the checks of its composites as they are used; `unused` those of composites that it does not use.
    """

    revision: int
    nodes: Mapping[str, NodeReport] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    total: Cost = Cost()
    main: GraphReport | None = None
    unused: Mapping[str, GraphReport] = field(default_factory=dict)

    def inside(self, path: Sequence[str]) -> GraphReport | None:
        """The check of the composite that node `path[-1]` uses, in the one that the node before it uses, and so on.

        Of a repeated one its first turn; None when there is no such node or it was not computed.
        """
        found = self.main
        for node in path:
            report = found.nodes.get(node) if found is not None else None
            found = report.inside[0] if report is not None and report.inside else None
        return found

    def path_to(self, graph: str) -> tuple[str, ...] | None:
        """The nodes through which the main drawing first uses `graph`; None when it does not."""
        if self.main is None:
            return None
        queue: list[tuple[tuple[str, ...], GraphReport]] = [((), self.main)]
        seen: set[str] = set()
        for path, report in queue:  # it grows while it is read: breadth first
            for node, each in report.nodes.items():
                if each.inside and each.inside[0].graph not in seen:
                    seen.add(each.inside[0].graph)
                    queue.append(((*path, node), each.inside[0]))
            if report.graph == graph:
                return path
        return None

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    @property
    def ok(self) -> bool:
        """Whether the document compiles and runs."""
        return not self.errors
