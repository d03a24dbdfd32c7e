"""Steps of a sequence: one of them, all of them summed up, their order, what remains of those gone by."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.library.recurrent import LENGTHS
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_X, _ENDS = TensorSpec((N, 5, 3)), TensorSpec((N,), "int64", classes=6)
_SEQUENCE = Input("x", (Kind.SEQUENCE,), "the sequence")
_KNOWN = Input("lengths", (Kind.LABEL,), "how many steps of each sequence count")
_EITHER: tuple[tuple[dict[str, object], dict[str, TensorSpec]], ...] = (
    ({}, {"x": _X}),
    ({}, {"x": _X, "lengths": _ENDS}),
)


class LastStep(Block):
    """Takes the last step of a sequence: what a recurrent layer knows when it has read all.

    x: (N, T, E) -> y: (N, E). Where `lengths` is wired, the last step that counts; the first, where none does.
    """

    title: ClassVar = "Last step"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("take step", "final state", "many to one", "select", "end")
    reference: ClassVar = Reference(
        "Sutskever, Vinyals, Le", 2014, "Sequence to sequence learning with neural networks"
    )
    inputs: ClassVar = (_SEQUENCE, LENGTHS)
    converts: ClassVar = ((Kind.SEQUENCE, Kind.VECTOR),)
    examples: ClassVar = _EITHER

    def build(self, inputs: Specs) -> Expression:
        if "lengths" in inputs:
            return Function.of("step_at_end", Ref("x"), Ref("lengths"))
        return Method.of(Ref("x"), "select", 1, -1)


class ReverseTime(Block):
    """Turns the order of the steps around, so that a recurrent layer reads from the end.

    x: (N, T, E) -> y: (N, T, E). Where `lengths` is wired, only the steps that count; those past them stay.
    """

    title: ClassVar = "Reverse time"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("flip", "backwards", "order", "bidirectional")
    reference: ClassVar = Reference("Schuster, Paliwal", 1997, "Bidirectional recurrent neural networks")
    inputs: ClassVar = (_SEQUENCE, LENGTHS)
    examples: ClassVar = _EITHER

    def build(self, inputs: Specs) -> Expression:
        if "lengths" in inputs:
            return Function.of("reverse_to_lengths", Ref("x"), Ref("lengths"))
        return Method.of(Ref("x"), "flip", 1)


class MeanOverTime(Block):
    """Averages the steps that count of each padded sequence. Where all count, use a global average pool.

    x: (N, T, E), lengths: (N,) -> y: (N, E); 0 where no step counts.
    """

    title: ClassVar = "Mean over time"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("average", "bag of words", "masked mean", "pooling", "lengths")
    reference: ClassVar = Reference(
        "Iyyer, Manjunatha, Boyd-Graber, Daumé",
        2015,
        "Deep unordered composition rivals syntactic methods for text classification",
    )
    inputs: ClassVar = (_SEQUENCE, _KNOWN)
    examples: ClassVar = (({}, {"x": _X, "lengths": _ENDS}),)

    def build(self, inputs: Specs) -> Expression:
        return Function.of("mean_to_lengths", Ref("x"), Ref("lengths"))


class MaxOverTime(Block):
    """Keeps the largest of the steps that count of each padded sequence. Where all count, use a global max pool.

    x: (N, T, E), lengths: (N,) -> y: (N, E); 0 where no step counts.
    """

    title: ClassVar = "Max over time"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("maximum", "masked max", "pooling", "lengths")
    reference: ClassVar = Reference(
        "Collobert, Weston, Bottou, Karlen, Kavukcuoglu, Kuksa",
        2011,
        "Natural language processing (almost) from scratch",
    )
    inputs: ClassVar = (_SEQUENCE, _KNOWN)
    examples: ClassVar = (({}, {"x": _X, "lengths": _ENDS}),)

    def build(self, inputs: Specs) -> Expression:
        return Function.of("max_to_lengths", Ref("x"), Ref("lengths"))


class JoinSteps(Block):
    """Makes neighbouring steps one long step, so that time gets shorter and steps richer.

    x: (N, T, E) -> y: (N, ⌊T/count⌋, count · E). Steps left over at the end, fewer than are joined, are dropped: pad
    the sequence to keep them.
    """

    title: ClassVar = "Join steps"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("pyramid", "pblstm", "frame stacking", "subsample", "halve time", "reduction")
    reference: ClassVar = Reference(
        "Chan, Jaitly, Le, Vinyals",
        2016,
        "Listen, attend and spell: a neural network for large vocabulary conversational speech recognition",
    )
    inputs: ClassVar = (_SEQUENCE,)
    examples: ClassVar = (({}, {"x": _X}), ({"count": 3}, {"x": TensorSpec((N, 6, 2))}))

    count: Annotated[int, Param("Steps", "How many neighbouring steps become one.", ge=1, unit="steps")] = 2

    def tell(self) -> str:
        return f"{self.count} → 1"

    def build(self, inputs: Specs) -> Expression:
        steps = inputs["x"].shape[1]
        if isinstance(steps, int) and steps < self.count:
            raise Refusal(
                f"{self.count} steps can't become one where there {'is' if steps == 1 else 'are'} only {steps}.",
                parameter="count",
                expected=f"at most {steps}",
                hints=(SetParameterHint("count", max(1, steps)),),
            )
        return Function.of("join_steps", Ref("x"), self.count)


class CutToLength(Block):
    """Keeps as many steps as another sequence has, the first ones.

    x: (N, T, E), like: (N, S, D) of no more steps -> y: (N, S, E). An even kernel or window, padded by half of it at
    both ends, gives a step too many: this takes it away.
    """

    title: ClassVar = "Cut to length"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("crop", "trim", "steps", "align", "same length")
    reference: ClassVar = Reference(
        "Wang, Skerry-Ryan, Stanton, Wu, Weiss, Jaitly, Yang, Xiao, Chen, Bengio, Le, Agiomyrgiannakis, Clark, Saurous",
        2017,
        "Tacotron: towards end-to-end speech synthesis",
    )
    inputs: ClassVar = (
        Input("x", (Kind.SEQUENCE,), "what is too long"),
        Input("like", (Kind.SEQUENCE,), "a sequence of the wanted length"),
    )
    examples: ClassVar = (
        ({}, {"x": _X, "like": TensorSpec((N, 4, 2))}),
        ({}, {"x": _X, "like": TensorSpec((N, 5, 2))}),
    )

    def build(self, inputs: Specs) -> Expression:
        steps, wanted = inputs["x"].shape[1], inputs["like"].shape[1]
        if isinstance(steps, int) and isinstance(wanted, int) and steps < wanted:
            raise Refusal(
                f"{steps} steps can't be cut to {wanted}: {inputs['x']} and {inputs['like']} arrive.",
                port="x",
                expected=f"{wanted} steps or more",
            )
        return Function.of("cut_to_length", Ref("x"), Ref("like"))


class LeakyUnit(Block):
    """Remembers a running average of what came: μₜ = α μₜ₋₁ + (1 − α) xₜ, μ₀ = 0. With α near 1 it lasts long.

    x: (N, T, E) -> y: (N, T, E). Nothing is learned; half of a step is forgotten after log ½ / log α steps. Computed
    for all steps at once with T² weights.
    """

    title: ClassVar = "Leaky unit"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("running average", "exponential", "time constant", "memory", "recurrent")
    reference: ClassVar = Reference("Mozer", 1992, "Induction of multiscale temporal structure")
    inputs: ClassVar = (_SEQUENCE,)
    examples: ClassVar = (({}, {"x": _X}), ({"alpha": 0.0}, {"x": _X}))

    alpha: Annotated[float, Param("Alpha", "How much of the average stays at each step.", ge=0, lt=1)] = 0.9

    def tell(self) -> str:
        return f"α {self.alpha:g}"

    def build(self, inputs: Specs) -> Expression:
        return Function.of("leaky_integrate", Ref("x"), self.alpha)
