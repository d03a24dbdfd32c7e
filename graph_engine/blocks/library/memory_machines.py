"""Machines with a memory that they write to, and how their answers are judged."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_TURING = Reference("Graves, Wayne, Danihelka", 2014, "Neural Turing machines")
_STACK = Reference("Joulin, Mikolov", 2015, "Inferring algorithmic patterns with stack-augmented recurrent nets")
_SEQUENCE, _BITS, _MASK = TensorSpec((N, 4, 3)), TensorSpec((N, 4, 2)), TensorSpec((N, 4, 1))
_SAID = Input("logits", (Kind.SEQUENCE,), "scores, before any sigmoid")
_RIGHT = Input("target", (Kind.SEQUENCE,), "what is right: 0 or 1")


class NeuralTuringMachine(Block):
    """Computes with a memory: a controller moves heads that read and write, and all of it learns by gradients.

    x: (N, T, E) -> y: (N, T, features); reads, writes: (N, T, heads·locations), where its heads looked. A head goes to
    what resembles a key k (softmax(β cos(k, Mᵢ))) or stays (gate g), moves by up to *reach* places (s), and sharpens
    (γ). Writing: Mᵢ (1 − wᵢ e) + wᵢ a.
    """

    title: ClassVar = "Neural Turing machine"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("ntm", "external memory", "copy task", "addressing", "heads", "controller", "algorithm")
    reference: ClassVar = _TURING
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    outputs: ClassVar = (
        Output("y"),
        Output("reads", help="how much each place was read, at each step"),
        Output("writes", help="how much each place was written to, at each step"),
    )
    examples: ClassVar = (
        ({"features": 2, "hidden": 6, "locations": 5, "width": 4}, {"x": _SEQUENCE}),
        (
            {"features": 2, "hidden": 6, "locations": 6, "width": 3, "heads": 2, "reach": 2, "controller": "lstm"},
            {"x": _SEQUENCE},
        ),
    )

    features: Annotated[int, Param("Features", "How many numbers it says at each step.", ge=1)] = 8
    controller: Annotated[
        Literal["feed-forward", "lstm"],
        Param("Controller", "What moves the heads: feed-forward remembers by the memory alone."),
    ] = "feed-forward"
    hidden: Annotated[int, Param("Hidden", "Units of the controller.", ge=1)] = 100
    locations: Annotated[int, Param("Locations", "How many places the memory has.", ge=3)] = 128
    width: Annotated[int, Param("Width", "How many numbers each place holds.", ge=1)] = 20
    heads: Annotated[int, Param("Heads", "How many heads read, and how many write.", ge=1, le=16)] = 1
    reach: Annotated[int, Param("Reach", "How many places a head can move at a step, either way.", ge=1, le=16)] = 1

    def tell(self) -> str:
        return f"{self.controller} · memory {self.locations}×{self.width}"

    def build(self, inputs: Specs) -> Layer:
        if 2 * self.reach + 1 > self.locations:
            raise Refusal(
                f"Heads that move by {self.reach} either way need {2 * self.reach + 1} places or more, and the memory "
                f"has {self.locations}.",
                parameter="reach",
                expected=f"up to {(self.locations - 1) // 2}",
                hints=(SetParameterHint("reach", 1),),
            )
        return Layer.of(
            "NeuralTuringMachine",
            inputs["x"].length(2),
            self.features,
            self.hidden,
            locations=self.locations,
            width=self.width,
            heads=self.heads,
            reach=self.reach,
            controller=self.controller,
        )


class StackRnn(Block):
    """Counts and remembers in order: a recurrent layer that learns to push on stacks and to pop from them.

    x: (N, T, E) -> y: (N, T, features); actions: (N, T, stacks·2), or ·3: how much each stack was pushed, popped and
    left alone. h = σ(U x + R h' + P tops'), actions = softmax(A h), and the top becomes push·σ(D h) + pop·(what lay
    below) + stay·(what it was). No biases.
    """

    title: ClassVar = "Stack RNN"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("pushdown", "counting", "algorithm", "external memory", "recurrent")
    reference: ClassVar = _STACK
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    outputs: ClassVar = (Output("y"), Output("actions", help="how much each stack was pushed, popped, left alone"))
    examples: ClassVar = (
        ({"features": 4, "stacks": 2, "depth": 3}, {"x": _SEQUENCE}),
        ({"features": 4, "stacks": 1, "depth": 5, "read": 1, "recurrent": True, "can_stay": True}, {"x": _SEQUENCE}),
    )

    features: Annotated[int, Param("Features", "Units of the recurrent layer.", ge=1)] = 40
    stacks: Annotated[int, Param("Stacks", "How many stacks of single numbers there are.", ge=1)] = 10
    depth: Annotated[int, Param("Depth", "How many numbers a stack holds; what goes deeper is lost.", ge=1)] = 32
    read: Annotated[int, Param("Read", "How many numbers from the top of each stack it sees.", ge=1)] = 2
    recurrent: Annotated[bool, Param("Recurrent", "Whether it also sees its own last state, beside the stacks.")] = (
        False
    )
    can_stay: Annotated[bool, Param("Can stay", "A third action beside push and pop: leave the stack alone.")] = False

    def tell(self) -> str:
        return f"{self.features} · {self.stacks} {'stacks' if self.stacks > 1 else 'stack'}"

    def build(self, inputs: Specs) -> Layer:
        if self.read > self.depth:
            raise Refusal(
                f"It can't see {self.read} numbers of a stack that holds {self.depth}.",
                parameter="read",
                expected=f"up to {self.depth}",
                hints=(SetParameterHint("read", self.depth),),
            )
        return Layer.of(
            "StackRnn",
            inputs["x"].length(2),
            self.features,
            stacks=self.stacks,
            depth=self.depth,
            read=self.read,
            recurrent=self.recurrent,
            can_stay=self.can_stay,
        )


class MaskedBinaryCrossEntropy(Block):
    """How surprised a network is by each yes or no of a sequence, at the steps that count alone.

    logits, target: (N, T, K), mask: (N, T, 1) or (N, T, K), 1 where it counts -> y: scalar, in nats:
    −t log σ(x) − (1 − t) log(1 − σ(x)), averaged over what counts of each sample, and then over samples.
    """

    title: ClassVar = "Masked cross entropy"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("bce", "padding", "sequence", "lengths", "bits", "logits")
    reference: ClassVar = _TURING
    inputs: ClassVar = (_SAID, _RIGHT, Input("mask", (Kind.SEQUENCE,), "1 where it counts, 0 elsewhere"))
    outputs: ClassVar = (Output("loss", Kind.SCALAR),)
    examples: ClassVar = (
        ({}, {"logits": _BITS, "target": _BITS, "mask": _MASK}),
        ({}, {"logits": _BITS, "target": _BITS, "mask": _BITS}),
    )

    def build(self, inputs: Specs) -> Expression:
        _check_masked(self.title, inputs)
        return Function.of("masked_binary_cross_entropy", Ref("logits"), Ref("target"), Ref("mask"))


class BitAccuracy(Block):
    """The share of yes and no in a sequence that are right, where a mask is wired: of those that count.

    logits, target: (N, T, K), mask: (N, T, 1) or (N, T, K) -> y: scalar between 0 and 1; guessing gives one half.
    """

    title: ClassVar = "Bit accuracy"
    category: ClassVar = Category.METRIC
    role: ClassVar = Role.METRIC
    greater: ClassVar = True
    keywords: ClassVar = ("metric", "binary", "sequence", "copy task", "correct")
    reference: ClassVar = _TURING
    inputs: ClassVar = (
        _SAID,
        _RIGHT,
        Input("mask", (Kind.SEQUENCE,), "1 where it counts, 0 elsewhere", optional=True),
    )
    outputs: ClassVar = (Output("bit_accuracy", Kind.SCALAR),)
    examples: ClassVar = (
        ({}, {"logits": _BITS, "target": _BITS, "mask": _MASK}),
        ({}, {"logits": _BITS, "target": _BITS}),
    )

    def build(self, inputs: Specs) -> Expression:
        _check_masked(self.title, inputs)
        mask = (Ref("mask"),) if "mask" in inputs else ()
        return Function.of("bit_accuracy", Ref("logits"), Ref("target"), *mask)


def _check_masked(title: str, inputs: Specs) -> None:
    """Raises: Refusal unless what is said and what is right have one shape, and the mask fits it."""
    logits, target = inputs["logits"], inputs["target"]
    if logits.shape != target.shape:
        raise Refusal(f"{title} needs equal shapes: {logits} and {target} arrive.", port="logits", expected=str(target))
    if "mask" in inputs and inputs["mask"].shape not in (logits.shape, (*logits.shape[:-1], 1)):
        raise Refusal(
            f"The mask must have a number for each step of {logits}, or for each of its numbers; {inputs['mask']} "
            "arrives.",
            port="mask",
            expected=f"N×{logits.shape[1]}×1",
        )
