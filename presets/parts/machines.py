"""Machines that write to a memory, drawn: Graves, Wayne, Danihelka (2014), Joulin, Mikolov (2015)."""

from __future__ import annotations

from typing import Any

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_TURING = Reference("Graves, Wayne, Danihelka", 2014, "Neural Turing machines")
_STACK = Reference("Joulin, Mikolov", 2015, "Inferring algorithmic patterns with stack-augmented recurrent nets")
_HIDDEN, _LOCATIONS, _WIDTH = 100, 128, 20


@part(
    title="Content addressing",
    category=PartCategory.MEMORY,
    reference=_TURING,
    keywords=("ntm", "cosine", "neural turing machine"),
)
def content_addressing(block: Builder) -> None:
    """Finds the places of a memory that resemble a key: softmax(β cos(k, Mᵢ)).

    memory: (N, M, W), key: (N, W), strength β ≥ 0: (N, 1) -> weights: (N, M).
    """
    memory = block.input("memory", _LOCATIONS, _WIDTH)
    key, strength = block.input("key", _WIDTH), block.input("strength", 1)
    key, memory = block.add("unit_length", key), block.add("unit_length", memory)
    cosine = block.add("matrix_product", key, memory, transposed=True, title="Cosine")
    block.output(block.add("softmax", block.add("multiply", strength, cosine), axis=-1), "weights")


@part(
    title="Location addressing",
    category=PartCategory.MEMORY,
    reference=_TURING,
    keywords=("ntm", "shift", "interpolation", "sharpen", "neural turing machine"),
)
def location_addressing(block: Builder) -> None:
    """Goes to what was found or stays (gate g), moves on (shift s), and sharpens, so that moving does not blur.

    content and before: (N, M), gate: (N, 1), shift: (N, 3), sharpness ≥ 0: (N, 1) -> weights: (N, M). The sharpness is
    the paper's γ − 1.
    """
    content, before = block.input("content", _LOCATIONS), block.input("before", _LOCATIONS)
    gate, shift, sharpness = block.input("gate", 1), block.input("shift", 3), block.input("sharpness", 1)
    change = block.add("multiply", gate, block.add("subtract", content, before))
    chosen = block.add("add", before, change, title="Chosen")
    moved = block.add("move_weights", chosen, shift, title="Moved")
    block.output(block.add("sharpen_weights", moved, sharpness), "weights")


def _asked(block: Builder, hidden: Port, activation: str, title: str, features: int | str, start: float = 0.0) -> Port:
    """What the controller asks of a head."""
    return block.add(activation, block.add("linear", hidden, features=features, bias_start=start), title=title)


@part(
    title="Memory head",
    category=PartCategory.MEMORY,
    reference=_TURING,
    keywords=("ntm", "read head", "write head", "neural turing machine"),
)
def memory_head(block: Builder) -> None:
    """Decides where to look next: what the controller asks for, found by content and then by location.

    hidden: (N, H), memory: (N, M, W), before: (N, M) -> weights: (N, M). At first a head rather moves on from where it
    is than looks for content, and blurs little: machines learn faster so.
    """
    width = block.expose("width", _WIDTH, "Width", "How many numbers each place of the memory holds.", least=1)
    hidden, memory = block.input("hidden", _HIDDEN), block.input("memory", _LOCATIONS, width)
    before = block.input("before", _LOCATIONS)
    key = _asked(block, hidden, "tanh", "Key", width)
    strength = _asked(block, hidden, "softplus", "Strength", 1)
    gate = _asked(block, hidden, "sigmoid", "Gate", 1, start=-3.0)
    back_or_stay = block.add("linear", hidden, features=2, title="Back or stay")
    on = block.add("linear", hidden, features=1, bias_start=1.0, title="On")
    shift = block.add("softmax", block.add("concat", back_or_stay, on), axis=-1, title="Shift")
    sharpness = _asked(block, hidden, "softplus", "Sharpness", 1, start=3.0)
    content = block.add(content_addressing.into(block), memory, key, strength)
    place = block.add(location_addressing.into(block), content, before, gate, shift, sharpness)
    block.output(place, "weights")


@part(
    title="Erase and add",
    category=PartCategory.MEMORY,
    reference=_TURING,
    keywords=("ntm", "write", "neural turing machine"),
)
def erase_and_add(block: Builder) -> None:
    """Writes to a memory: what was there is erased where the head looks, and something new added.

    memory: (N, M, W), weights: (N, M), erase and add: (N, W) -> memory: (N, M, W), Mᵢ (1 − wᵢ e) + wᵢ a.
    """
    memory, weights = block.input("memory", _LOCATIONS, _WIDTH), block.input("weights", _LOCATIONS)
    erase, add = block.input("erase", _WIDTH), block.input("add", _WIDTH)
    where = block.add("unsqueeze", weights, axis=-1, title="Where")
    row = block.add("unsqueeze", erase, title="Erase row")
    erased = block.add("multiply", memory, where, row, title="Erased")
    added = block.add("multiply", where, block.add("unsqueeze", add), title="Added")
    block.output(block.add("add", block.add("subtract", memory, erased), added), "memory")


def _machine(block: Builder) -> dict[str, Any]:
    """Expose what a machine consists of; the values that stand for it."""
    values: dict[str, Any] = {}
    for name, default, told in (
        ("features", 8, "How many numbers it says at each step."),
        ("hidden", _HIDDEN, "Units of the controller."),
        ("locations", _LOCATIONS, "How many places the memory has."),
        ("width", _WIDTH, "How many numbers each place holds."),
    ):
        values[name] = block.expose(name, default, name.capitalize(), told, least=1)
    return values


@part(
    title="Turing machine cell",
    category=PartCategory.MEMORY,
    reference=_TURING,
    keywords=("ntm", "neural turing machine"),
)
def turing_machine_cell(block: Builder) -> None:
    """One step of a neural Turing machine: a controller moves a head that reads and one that writes.

    x: (N, E) -> y: (N, features), reads and writes: (N, locations). States: the memory, what was read, and where the
    heads were. Run over time by the part Turing machine, which says where they begin.
    """
    _machine(block)
    x, memory = block.input("x", 9), block.input("memory", "=locations", "=width")
    read = block.input("read", "=width")
    read_at, write_at = block.input("read_at", "=locations"), block.input("write_at", "=locations")
    hidden = _asked(block, block.add("concat", x, read), "tanh", "Controller", "=hidden")
    head = memory_head.into(block)
    read_at = block.add(head, hidden, memory, read_at, width="=width", title="Reading head")
    write_at = block.add(head, hidden, memory, write_at, width="=width", title="Writing head")
    read = block.add("matrix_product", read_at, memory, title="Read")
    erase = _asked(block, hidden, "sigmoid", "Erase", "=width")
    new = _asked(block, hidden, "tanh", "New", "=width")
    memory = block.add(erase_and_add.into(block), memory, write_at, erase, new)
    block.output(block.add("linear", block.add("concat", hidden, read), features="=features"), "y")
    block.output(read_at, "reads")
    block.output(write_at, "writes")
    block.output(memory, "memory")
    block.output(read, "read")
    block.output(read_at, "read_at")
    block.output(write_at, "write_at")


@part(
    title="Turing machine",
    category=PartCategory.MEMORY,
    reference=_TURING,
    keywords=("ntm", "neural turing machine", "copy task", "external memory"),
)
def turing_machine(block: Builder) -> None:
    """A neural Turing machine with its cell inside; the block Neural Turing machine, drawn.

    x: (N, T, E) -> y: (N, T, features), reads and writes: (N, T, locations), where its heads looked. The memory begins
    almost empty, and both heads at its first place.
    """
    values = _machine(block)
    x = block.input("x", "T", 9)
    empty = block.add("constant", x, shape=["=locations", "=width"], values=[1e-6], title="Empty memory")
    here = block.add("constant", x, shape=[1], values=[1.0], title="Here")
    elsewhere = block.add("constant", x, shape=["=locations - 1"], title="Elsewhere")
    first = block.add("concat", here, elsewhere, title="First place")
    cell = block.add(turing_machine_cell.into(block), x, empty, None, first, first, over_time=True, **values)
    block.output(cell, "y")
    block.output(cell.other("reads"), "reads")
    block.output(cell.other("writes"), "writes")


def _stacks(block: Builder) -> dict[str, Any]:
    """Expose what a stack RNN consists of; the values that stand for it."""
    values: dict[str, Any] = {}
    for name, default, told in (
        ("features", 40, "Units of the recurrent layer."),
        ("stacks", 10, "How many stacks of single numbers there are."),
        ("depth", 32, "How many numbers a stack holds; what goes deeper is lost."),
        ("read", 2, "How many numbers from the top of each stack it sees."),
    ):
        values[name] = block.expose(name, default, name.capitalize(), told, least=1)
    return values


@part(
    title="Stack RNN cell",
    category=PartCategory.MEMORY,
    reference=_STACK,
    keywords=("push", "pop", "no-op", "pushdown"),
)
def stack_rnn_cell(block: Builder) -> None:
    """One step of a recurrent layer that pushes on stacks, pops from them, or leaves them alone, a little of each.

    x: (N, E) -> y = h: (N, features), actions: (N, stacks·3): how much each was pushed, popped, left alone. h = σ(U x +
    R h + P tops), actions = softmax(A h), and the top becomes push·σ(D h) + pop·(what lay below) + stay·(what it was).
    Run over time by the part Stack machine, whose stacks begin empty.
    """
    _stacks(block)
    x, h = block.input("x", 10), block.input("h", "=features")
    stack = block.input("stack", "=stacks", "=depth")
    tops = block.add("flatten", block.add("slice", stack, axis=2, stop="=read"), title="Tops")
    seen = [block.add("linear", each, features="=features", bias=False) for each in (x, h, tops)]
    h = block.add("sigmoid", block.add("add", *seen), title="Hidden")
    scores = block.add("linear", h, features="=3 * stacks", bias=False)
    actions = block.add("softmax", block.add("reshape", scores, shape=["=stacks", 3]), axis=-1, title="Actions")
    push = block.add("split_evenly", actions, axis=-1, parts=3, title="Push")
    pop, stay = push.other("part2"), push.other("part3")
    new = block.add("sigmoid", block.add("linear", h, features="=stacks", bias=False))
    top = block.add("unsqueeze", new, axis=-1, title="New top")
    pushed = block.add("concat", top, block.add("slice", stack, axis=2, stop=-1), axis=2, title="Pushed")
    bottom = block.add("constant", x, shape=["=stacks", 1], values=[-1.0], title="Bottom")
    below = block.add("slice", stack, axis=2, start=1, title="Below")
    popped = block.add("concat", below, bottom, axis=2, title="Popped")
    parts = [block.add("multiply", share, each) for share, each in ((push, pushed), (pop, popped), (stay, stack))]
    block.output(h, "y")
    block.output(block.add("flatten", actions, title="Taken"), "actions")
    block.output(h, "h")
    block.output(block.add("add", *parts), "stack")


@part(
    title="Stack machine",
    category=PartCategory.MEMORY,
    reference=_STACK,
    keywords=("stack rnn", "push", "pop", "no-op", "pushdown", "counting"),
)
def stack_machine(block: Builder) -> None:
    """A recurrent layer with stacks, its cell inside; the block Stack RNN with recurrence and no-op, drawn.

    x: (N, T, E) -> y: (N, T, features), actions: (N, T, stacks·3). Empty places hold −1.
    """
    values = _stacks(block)
    x = block.input("x", "T", 10)
    empty = block.add("constant", x, shape=["=stacks", "=depth"], values=[-1.0], title="Empty stacks")
    cell = block.add(stack_rnn_cell.into(block), x, None, empty, over_time=True, **values)
    block.output(cell, "y")
    block.output(cell.other("actions"), "actions")
