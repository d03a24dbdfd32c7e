"""Parts of a plan as one types them, and as they are written: lists of names, losses, penalties, goals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from PySide6.QtWidgets import QWidget

from app.widgets import InvalidText, ParsedField, read_number, write_number
from graph_engine.document import Goal, Judgement, Loading, Part, Penalty, WeightedLoss, WeightGroup
from graph_engine.document.rules import TAG_NAME
from graph_engine.train.measures import usually_greater

T = TypeVar("T")

_NAME = re.compile(r"[#@]?[\w-]+(:\w+)?\Z")
_VALUE = r"([\w./]+)"
_PENALTIES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(rf"gradient penalty (\S+) on {_VALUE} between {_VALUE} and {_VALUE}(?: towards (\S+))?\Z"),
        ("score", "real", "fake", "target"),
    ),
    (re.compile(rf"r1 (\S+) on {_VALUE} at {_VALUE}\Z"), ("score", "real")),
    (re.compile(r"ewc (\S+) from (.+?)(?: by (\S+) samples)?\Z"), ("stage", "samples")),
)
_PENALTY_HELP = (
    "Type penalties such as l1 0.001; l2 0.01 of #head; gradient penalty 10 on critic_1 between input_1 and tanh_1; "
    "r1 0.1 on critic_1 at input_1; ewc 50 from first by 200 samples; orthogonal 0.0001."
)


class TextPartField(ParsedField):
    """A field whose text is read and written by two functions."""

    def __init__(
        self,
        value: Any,
        read: Callable[[str], Any],
        write: Callable[[Any], str],
        words: Mapping[str, Any],
        parent: QWidget | None = None,
    ) -> None:
        """`words` are texts that stand for a value, one of them for what is usual."""
        self._reader, self._writer = read, write
        super().__init__(value, words=words, parent=parent)

    def parse(self, text: str) -> Any:
        return self._reader(text)

    def text_of(self, value: Any) -> str:
        return self._writer(value)


def read_names(text: str) -> tuple[str, ...]:
    """`conv2d_1, #head, @encoder, encoder:linear_1`. Raises: InvalidText."""
    names = tuple(_parts(text, r"[,\s]+"))
    for name in names:
        if not _NAME.match(name):
            raise InvalidText(f"“{name}” names no node: use conv2d_1, #tag, @composite or composite:node.")
    return tuple(dict.fromkeys(names))


def write_names(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def read_tags(text: str) -> tuple[str, ...]:
    """`body, head`, with or without `#`. Raises: InvalidText."""
    tags = tuple(dict.fromkeys(part.lstrip("#") for part in _parts(text, r"[,\s]+")))
    for tag in tags:
        if not TAG_NAME.fullmatch(tag):
            raise InvalidText(f"“{tag}” can't be a tag: it takes letters, digits, _ and -, and begins with a letter.")
    return tags


def write_tags(tags: tuple[str, ...]) -> str:
    return ", ".join(tags)


def read_losses(text: str) -> tuple[WeightedLoss, ...]:
    """`cross_entropy_1, 0.5 × mse_1`. Raises: InvalidText."""
    found = []
    for part in _parts(text, r"[,;]|(?<!e)\+"):
        weight, _, node = part.replace("*", "×").rpartition("×")
        if not re.fullmatch(r"\w+", node.strip()):
            raise InvalidText("Type losses such as cross_entropy_1, 0.5 × mse_1.")
        found.append(WeightedLoss(node=node.strip(), weight=_number(weight) if weight.strip() else 1.0))
    return tuple(found)


def write_losses(losses: tuple[WeightedLoss, ...]) -> str:
    return ", ".join(each.node if each.weight == 1 else f"{write_number(each.weight)} × {each.node}" for each in losses)


def read_penalties(text: str) -> tuple[Penalty, ...]:
    """What `write_penalties` writes. Raises: InvalidText."""
    return tuple(_penalty(part) for part in _parts(text, ";"))


def write_penalties(penalties: tuple[Penalty, ...]) -> str:
    return "; ".join(_write_penalty(penalty) for penalty in penalties)


def read_goal(text: str) -> Goal:
    """`val_accuracy > 0.95`, `train_loss < 0.1`. Raises: InvalidText."""
    match = re.fullmatch(r"(\w+)\s*(>|<|above|below|≥|≤)=?\s*(\S+)", text)
    if match is None:
        raise InvalidText("Type a goal such as val_accuracy > 0.95 or train_loss < 0.1.")
    direction = "above" if match[2] in (">", "≥", "above") else "below"
    return Goal(series=match[1], value=_number(match[3]), direction=direction)  # type: ignore[arg-type]


def write_goal(goal: Goal) -> str:
    return f"{goal.series} {'>' if goal.direction == 'above' else '<'} {write_number(goal.value)}"


def read_judgement(text: str) -> Judgement:
    """`accuracy`, `mae_1, smaller`: a series; what is better is as its name has it unless said. Raises: InvalidText."""
    match = re.fullmatch(r"(?:val_|train_)?(\w+)(?:[,\s]+(greater|smaller))?", text)
    if match is None:
        raise InvalidText("Type a series such as loss, or accuracy, greater.")
    usual = "greater" if usually_greater(match[1]) else "smaller"
    return Judgement(name=match[1], better=match[2] or usual)  # type: ignore[arg-type]


def write_judgement(judgement: Judgement) -> str:
    return f"{judgement.name}, {judgement.better}"


def read_part(text: str) -> Part:
    """`0–4, 7`: classes, and runs of them; `few: 1` of the field `few`. Raises: InvalidText."""
    field, colon, listed = text.rpartition(":")
    if colon and not field.strip():
        raise InvalidText("Name the field before the colon, such as few: 1, or type the classes alone.")
    values: list[int] = []
    for part in _parts(listed, r"[,\s]+"):
        match = re.fullmatch(r"(\d{1,6})(?:[–-](\d{1,6}))?", part)
        if match is None or (match[2] and not 0 <= int(match[2]) - int(match[1]) < 10_000):
            raise InvalidText("Type the classes such as 0–4 or 0, 2, 7.")
        values += range(int(match[1]), int(match[2] or match[1]) + 1)
    if not values:
        raise InvalidText("Type the classes such as 0–4 or 0, 2, 7.")
    return Part(values=tuple(dict.fromkeys(values)), field=field.strip())


def write_part(part: Part) -> str:
    """Runs of three and more as `0–4`, after the field if it is not that of the classes."""
    shown: list[list[int]] = []
    for value in part.values:
        if shown and value == shown[-1][-1] + 1:
            shown[-1].append(value)
        else:
            shown.append([value])
    listed = ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in shown)
    return f"{part.field}: {listed}" if part.field else listed


def read_loads(text: str) -> tuple[Loading, ...]:
    """`lenet5-1; teacher.safetensors for @teacher`. Raises: InvalidText."""
    found = []
    for part in _parts(text, ";"):
        source, _, names = part.partition(" for ")
        found.append(Loading(source=source.strip(), of=read_names(names) if names else ()))
    return tuple(found)


def write_loads(loads: tuple[Loading, ...]) -> str:
    return "; ".join(f"{each.source} for {write_names(each.of)}" if each.of else each.source for each in loads)


def read_groups(text: str) -> tuple[WeightGroup, ...]:
    """`0.1 × #body; 10 × linear_2, linear_3 decay 0.01`. Raises: InvalidText."""
    found = []
    for part in _parts(text, ";"):
        factor, cross, rest = part.replace("*", "×").partition("×")
        names, *decay = re.split(r"\s+decay\s+", rest, maxsplit=1)
        of = read_names(names)
        if not cross or not of:
            raise InvalidText(
                "Type factors of the learning rate such as 0.1 × #body; 10 × linear_2; 1 × linear_3 decay 0.01."
            )
        found.append(
            WeightGroup(
                of=of,
                factor=_not_negative(factor, "A factor of the learning rate"),
                weight_decay=_not_negative(decay[0], "A weight decay") if decay else None,
            )
        )
    return tuple(found)


def write_groups(groups: tuple[WeightGroup, ...]) -> str:
    return "; ".join(_write_group(each) for each in groups)


def read_counts(text: str) -> tuple[int, ...]:
    """`30, 60, 80`. Raises: InvalidText."""
    numbers = [read_number(part, whole=True) for part in _parts(text, r"[,\s]+")]
    if any(number < 1 for number in numbers):
        raise InvalidText("Must be at least 1.")
    return tuple(sorted({int(number) for number in numbers}))


def write_counts(counts: tuple[int, ...]) -> str:
    return ", ".join(map(str, counts))


def _write_group(group: WeightGroup) -> str:
    decay = f" decay {write_number(group.weight_decay)}" if group.weight_decay is not None else ""
    return f"{write_number(group.factor)} × {write_names(group.of)}{decay}"


def _penalty(text: str) -> Penalty:
    plain = " ".join(text.split())
    match = re.fullmatch(r"(l1|l2|orthogonal) (\S+)(?: of (.+))?", plain, re.IGNORECASE)
    if match is not None:
        kind = match[1].lower()
        return Penalty(kind=kind, weight=_weight(match[2]), of=read_names(match[3] or ""))  # type: ignore[arg-type]
    for (pattern, parts), kind in zip(_PENALTIES, ("gradient_penalty", "r1", "ewc"), strict=True):
        match = pattern.match(plain)
        if match is not None:
            said = zip(parts, match.groups()[1:], strict=True)
            named = {part: _PARTS.get(part, str)(value) for part, value in said if value is not None}
            return Penalty(kind=kind, weight=_weight(match[1]), **named)  # type: ignore[arg-type]
    raise InvalidText(_PENALTY_HELP)


def _write_penalty(penalty: Penalty) -> str:
    weight = write_number(penalty.weight)
    match penalty.kind:
        case "l1" | "l2" | "orthogonal":
            return f"{penalty.kind} {weight}" + (f" of {write_names(penalty.of)}" if penalty.of else "")
        case "gradient_penalty":
            target = f" towards {write_number(penalty.target)}" if penalty.target != _USUAL.target else ""
            return f"gradient penalty {weight} on {penalty.score} between {penalty.real} and {penalty.fake}{target}"
        case "r1":
            return f"r1 {weight} on {penalty.score} at {penalty.real}"
        case "ewc":
            samples = f" by {penalty.samples} samples" if penalty.samples != _USUAL.samples else ""
            return f"ewc {weight} from {penalty.stage}{samples}"


def _weight(text: str) -> float:
    weight = _number(text)
    if weight < 0:
        raise InvalidText("A penalty weighs 0 or more.")
    return weight


def _samples(text: str) -> int:
    samples = int(read_number(text, whole=True))
    if samples < 1:
        raise InvalidText("It takes one sample at least.")
    return samples


def _not_negative(text: str, what: str) -> float:
    number = _number(text)
    if number < 0:
        raise InvalidText(f"{what} is 0 or more.")
    return number


def _number(text: str) -> float:
    return float(read_number(text, whole=False))


def _parts(text: str, between: str) -> list[str]:
    return [part.strip() for part in re.split(between, text) if part.strip()]


_USUAL = Penalty(kind="l1")
_PARTS: Mapping[str, Callable[[str], Any]] = {
    "target": lambda text: _not_negative(text, "The slope that is wanted"),
    "samples": _samples,
}
"""How parts of a penalty that are no names are read."""
