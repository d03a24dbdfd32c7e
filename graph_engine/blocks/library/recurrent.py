"""Recurrent layers: each step of a sequence is read with what the steps before left behind."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Apply, Layer, Ref
from graph_engine.blocks.refusal import ChangeChannels, InsertBlock, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

LENGTHS = Input("lengths", (Kind.LABEL,), "how many steps of each sequence count; without it, all", optional=True)
_X, _ENDS = TensorSpec((N, 5, 3)), TensorSpec((N,), "int64", classes=6)
_FOUR, _EIGHT = TensorSpec((N, 4)), TensorSpec((N, 8))


def _state(name: str, what: str) -> Input:
    return Input(name, (Kind.VECTOR,), f"{what} before the first step; without it, 0", optional=True)


class _Recurrent(Block):
    """Shared by the layers that torch has."""

    category: ClassVar = Category.RECURRENT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("x", (Kind.SEQUENCE,), "the sequence"),
        LENGTHS,
        _state("h0", "the hidden state"),
    )
    outputs: ClassVar[tuple[Output, ...]] = (
        Output("y", help="the hidden state at every step"),
        Output("h", help="the hidden state after the last step"),
    )

    hidden: Annotated[int, Param("Hidden", "How many hidden units each direction of a layer has.", ge=1)] = 128
    layers: Annotated[int, Param("Layers", "How many lie one upon the other.", ge=1, le=64)] = 1
    bidirectional: Annotated[
        bool, Param("Both directions", "Read the sequence backwards too, and put both results side by side.")
    ] = False
    dropout: Annotated[float, Param("Dropout", "Share of numbers set to 0 between the layers.", ge=0, lt=1)] = 0.0
    bias: Annotated[
        bool, Param("Bias", "Learned offsets; PyTorch keeps two vectors of them, which it adds, where papers have one.")
    ] = True
    final: Annotated[
        Literal["last layer", "every layer"],
        Param(
            "Final state",
            "`last layer`: what sums the sequence up; `every layer`: all that another of as many layers needs to go "
            "on from here.",
            advanced=True,
        ),
    ] = "last layer"
    recurrent_init: Annotated[
        Literal["default", "identity", "orthogonal", "echo state"],
        Param(
            "Recurrent weights",
            "Where those from state to state begin. `identity`: it remembers all at first (with ReLU, an IRNN); "
            "`orthogonal`: keeps lengths; `echo state`: random, of the spectral radius below; freeze the block then.",
            advanced=True,
        ),
    ] = "default"
    radius: Annotated[
        float,
        Param("Spectral radius", "Of `echo state`: near 1 echoes last long, below it they fade.", gt=0, advanced=True),
    ] = 0.9

    def tell(self) -> str:
        layers = f" · {self.layers} layers" if self.layers > 1 else ""
        return f"{self.hidden}{layers}{' · both ways' if self.bidirectional else ''}"

    def _apply(self, target: str, inputs: Specs, **options: Any) -> Apply:
        """The module `target`, or its twin for sequences that end early, on the ports that are wired."""
        if self.dropout and self.layers == 1:
            raise Refusal(
                "Dropout acts between layers, and there is one layer. Put a dropout block behind it, or add layers.",
                parameter="dropout",
                hints=(SetParameterHint("dropout", 0.0), SetParameterHint("layers", 2)),
            )
        wanted = self.layers * self.hidden * (2 if self.bidirectional else 1)
        for port in ("h0", "c0"):
            if port in inputs and inputs[port].length(1) != wanted:
                raise Refusal(
                    self._misfit(port, inputs[port], wanted),
                    port=port,
                    expected=f"N×{wanted}",
                    hints=(
                        ChangeChannels(port, wanted),
                        InsertBlock("linear", port, (("features", wanted),)),
                    ),
                )
        layer = Layer.of(
            f"{target}ToLengths" if "lengths" in inputs else target,
            inputs["x"].length(2),
            self.hidden,
            layers=self.layers,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            bias=self.bias,
            **options,
            every_layer=self.final == "every layer",
        )
        if self.recurrent_init != "default":
            radius = {"radius": self.radius} if self.recurrent_init == "echo state" else {}
            layer = layer.through("recurrent_weights", start=self.recurrent_init, **radius)
        return layer.on(*(Ref(port.name) for port in self.inputs if port.name in inputs))

    def _misfit(self, port: str, state: TensorSpec, wanted: int) -> str:
        many = self.layers > 1 or self.bidirectional
        advice = " A recurrent block gives them with Final state = every layer." if self.layers > 1 else ""
        what = "one for each unit of each layer and direction" if many else "one for each hidden unit"
        return f"{self.title} begins with {wanted} numbers, {what}, and {state.length(1)} arrive at {port}.{advice}"


class Elman(_Recurrent):
    """Remembers by hidden units that see their own last values: hₜ = tanh(b + W hₜ₋₁ + U xₜ).

    x: (N, T, E) -> y: (N, T, hidden), twice as wide in both directions, and h: (N, hidden), y at the last step; in both
    directions also that of the backward reading, which ends at the first. Parameters: hidden (E + hidden + 2), as
    PyTorch keeps b as two vectors. `lengths` says where padded sequences end: what lies past it is 0 in y.
    """

    title: ClassVar = "Elman RNN"
    keywords: ClassVar = ("recurrent", "simple", "vanilla", "rnn", "hidden recurrence", "sequence")
    reference: ClassVar = Reference("Elman", 1990, "Finding structure in time")
    examples: ClassVar = (
        ({"hidden": 4}, {"x": _X}),
        ({"hidden": 4, "activation": "relu", "recurrent_init": "identity"}, {"x": _X, "h0": _FOUR}),
        ({"hidden": 4, "recurrent_init": "echo state"}, {"x": _X}),
        ({"hidden": 4, "bidirectional": True, "bias": False}, {"x": _X, "lengths": _ENDS, "h0": _EIGHT}),
    )

    activation: Annotated[Literal["tanh", "relu"], Param("Activation", "What the hidden units compute.")] = "tanh"

    def build(self, inputs: Specs) -> Apply:
        return self._apply("Elman", inputs, activation=self.activation)


class Gru(_Recurrent):
    """Remembers by units whose gates decide how much of the old state to keep: h = u hₜ₋₁ + (1 − u) h̃.

    h̃ = tanh(b + U xₜ + r (b' + W hₜ₋₁)), and u and r likewise with σ; the reset gate r comes after the product, as in
    PyTorch. x: (N, T, E) -> y: (N, T, hidden), twice as wide in both directions, and h: (N, hidden), y at the last
    step. Parameters: 3 hidden (E + hidden + 2). `lengths` says where padded sequences end: past it, y is 0.
    """

    title: ClassVar = "GRU"
    keywords: ClassVar = ("recurrent", "gated recurrent unit", "rnn", "update gate", "reset gate", "sequence")
    reference: ClassVar = Reference(
        "Cho, Van Merriënboer, Gülçehre, Bahdanau, Bougares, Schwenk, Bengio",
        2014,
        "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
    )
    examples: ClassVar = (
        ({"hidden": 4, "recurrent_init": "orthogonal"}, {"x": _X, "h0": _FOUR}),
        ({"hidden": 3, "layers": 2, "dropout": 0.25, "final": "every layer"}, {"x": _X}),
        ({"hidden": 4, "layers": 2, "bias": False}, {"x": _X, "lengths": _ENDS, "h0": _EIGHT}),
    )

    def build(self, inputs: Specs) -> Apply:
        return self._apply("Gru", inputs)


class Lstm(_Recurrent):
    """Remembers by cells whose gates decide what to write, keep and show: c = f cₜ₋₁ + i c̃, h = o tanh(c).

    c̃ = tanh(b + U xₜ + W hₜ₋₁), and the gates i, f and o likewise with σ. x: (N, T, E) -> y: (N, T, hidden), twice as
    wide in both directions, h: (N, hidden), y at the last step, and c: (N, hidden), the cells then. Parameters:
    4 hidden (E + hidden + 2). `lengths` says where padded sequences end: past it, y is 0.
    """

    title: ClassVar = "LSTM"
    keywords: ClassVar = ("recurrent", "long short-term memory", "rnn", "bilstm", "cell", "gates", "sequence")
    reference: ClassVar = Reference("Hochreiter, Schmidhuber", 1997, "Long short-term memory")
    inputs: ClassVar = (*_Recurrent.inputs, _state("c0", "the cells"))
    outputs: ClassVar = (*_Recurrent.outputs, Output("c", help="the cells after the last step"))
    returns: ClassVar = ("y", ("h", "c"))
    examples: ClassVar = (
        ({"hidden": 4}, {"x": _X}),
        ({"hidden": 4, "forget_bias": 1.0}, {"x": _X, "h0": _FOUR, "c0": _FOUR}),
        (
            {"hidden": 2, "layers": 2, "bidirectional": True, "dropout": 0.25, "final": "every layer", "bias": False},
            {"x": _X, "h0": _EIGHT, "c0": _EIGHT},
        ),
        ({"hidden": 4, "layers": 2}, {"x": _X, "lengths": _ENDS, "h0": _EIGHT, "c0": _EIGHT}),
        ({"hidden": 2, "bidirectional": True}, {"x": _X, "lengths": _ENDS}),
    )

    forget_bias: Annotated[
        float,
        Param(
            "Forget bias",
            "Where the bias of the forget gates begins; 1 or more remembers from the start. 0: PyTorch's small "
            "numbers around 0.",
            advanced=True,
        ),
    ] = 0.0

    def build(self, inputs: Specs) -> Apply:
        if ("h0" in inputs) != ("c0" in inputs):
            missing = "h0" if "c0" in inputs else "c0"
            raise Refusal(
                "An LSTM begins with a hidden state and cells: wire both h0 and c0, or neither.",
                port="c0" if missing == "h0" else "h0",
                expected=f"{missing} as well",
            )
        if self.forget_bias and not self.bias:
            raise Refusal(
                "Without a bias the forget gates have none to begin with. Turn Bias on, or set Forget bias to 0.",
                parameter="forget_bias",
                hints=(SetParameterHint("bias", value=True), SetParameterHint("forget_bias", 0.0)),
            )
        return self._apply("Lstm", inputs, forget_bias=self.forget_bias)


class Jordan(Block):
    """Remembers by its last output alone: hₜ = φ(b + U xₜ + V yₜ₋₁), yₜ = ψ(c + W hₜ), y₀ = 0.

    x: (N, T, E) with known T -> y: (N, T, features). Parameters: hidden (E + 1) + 2 hidden · features +
    features. Steps are computed one after the other, so that long sequences take their time.
    """

    title: ClassVar = "Jordan RNN"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("recurrent", "output recurrence", "feedback", "rnn", "sequence")
    reference: ClassVar = Reference(
        "Jordan", 1986, "Attractor dynamics and parallelism in a connectionist sequential machine"
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (
        ({"hidden": 4, "features": 2}, {"x": _X}),
        ({"hidden": 4, "features": 3, "activation": "relu", "output_activation": "softmax", "bias": False}, {"x": _X}),
        ({"hidden": 3, "features": 2, "activation": "sigmoid", "output_activation": "linear"}, {"x": _X}),
    )

    features: Annotated[
        int, Param("Features", "How many numbers leave at each step and come back at the next.", ge=1)
    ] = 64
    hidden: Annotated[int, Param("Hidden", "How many hidden units there are.", ge=1)] = 128
    activation: Annotated[
        Literal["tanh", "sigmoid", "relu"], Param("Activation", "φ, what the hidden units compute.")
    ] = "tanh"
    output_activation: Annotated[
        Literal["sigmoid", "tanh", "softmax", "linear"],
        Param("Output activation", "ψ, through which outputs leave and come back."),
    ] = "sigmoid"
    bias: Annotated[bool, Param("Bias", "Learned offsets b and c.")] = True

    def tell(self) -> str:
        return f"{self.hidden} → {self.features}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        if not isinstance(x.shape[1], int):
            raise Refusal(
                "Jordan RNN computes its steps one by one and must know how many there are: give the input a length "
                "instead of a letter.",
                port="x",
                expected="a sequence of known length",
            )
        sizes = (x.length(2), self.hidden, self.features)
        return Layer.of(
            "Jordan", *sizes, activation=self.activation, output_activation=self.output_activation, bias=self.bias
        )


class PyramidLstm(Block):
    """Reads neighbouring steps as one with an LSTM in both directions, so that time gets shorter layer by layer.

    x: (N, T, E) -> y: (N, ⌊T/joined⌋, 2 hidden). Steps left over at the end, fewer than are joined, are dropped: pad
    the sequence to keep them. Parameters: 8 hidden (joined · E + hidden + 2).
    """

    title: ClassVar = "Pyramid LSTM"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("pblstm", "listener", "speech", "halve time", "recurrent", "bidirectional")
    reference: ClassVar = Reference(
        "Chan, Jaitly, Le, Vinyals",
        2016,
        "Listen, attend and spell: a neural network for large vocabulary conversational speech recognition",
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (
        ({"hidden": 4}, {"x": TensorSpec((N, 6, 3))}),
        ({"hidden": 3, "joined": 3, "bias": False}, {"x": TensorSpec((N, 8, 2))}),
    )

    hidden: Annotated[int, Param("Hidden", "How many hidden units each direction has.", ge=1)] = 256
    joined: Annotated[int, Param("Joined steps", "How many neighbouring steps are read as one.", ge=1)] = 2
    bias: Annotated[bool, Param("Bias", "Learned offsets; PyTorch keeps two vectors of them, which it adds.")] = True

    def tell(self) -> str:
        return f"{self.hidden} · T/{self.joined}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        steps = x.shape[1]
        if isinstance(steps, int) and steps < self.joined:
            raise Refusal(
                f"Pyramid LSTM joins {self.joined} steps, and there {'is' if steps == 1 else 'are'} only {steps}.",
                parameter="joined",
                expected=f"at most {steps}",
                hints=(SetParameterHint("joined", max(1, steps)),),
            )
        return Layer.of("PyramidLstm", x.length(2), self.hidden, self.joined, bias=self.bias)
