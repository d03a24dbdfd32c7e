"""The source of a custom block, read as a tree: nothing of it is run.

A source has imports, constants, functions and classes, one of which is the block: the `nn.Module` that no other class
of the source uses. `torch`, `nn`, `F` and `Tensor` need no import.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from graph_engine.blocks.custom.arguments import read_arguments
from graph_engine.blocks.custom.definition import Argument, Definition, Fault, Inferred, Port
from graph_engine.blocks.custom.outputs import read_outputs

PRELUDE = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "Tensor": "torch.Tensor"}
"""Name → what it stands for in every source."""
_LONGEST = 100_000
Function = ast.FunctionDef


@lru_cache(maxsize=512)
def read_source(source: str) -> Definition:
    """What `source` says; what is wrong with it is in `faults`, by line."""
    if len(source) > _LONGEST:
        return _nothing(1, f"A custom block may have {_LONGEST:,} letters at most; this one has {len(source):,}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's doubts about a style are not for a terminal
            tree = ast.parse(source)
            compile(source, "<custom block>", "exec", dont_inherit=True)  # finds what the tree does not tell
        return _Reader(tree).read()
    except SyntaxError as error:
        return _nothing(error.lineno or 1, f"Python can't read this: {error.msg}.")
    except ValueError:
        return _nothing(1, "A letter in it (such as a null byte) is not allowed in Python.")
    except (RecursionError, MemoryError):
        return _nothing(1, "It is nested too deeply to be read.")


def bindings(tree: ast.Module) -> dict[str, str]:
    """Name → the dotted path of what it was imported as, in a whole source; those of the prelude as well."""
    found = dict(PRELUDE)
    for item in tree.body:
        if isinstance(item, ast.Import):
            for alias in item.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(item, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{item.module}.{alias.name}" for alias in item.names}
    return found


def title_from(class_name: str) -> str:
    """`GatedConv` → `Gated conv`, `SEBlock` → `SE block`, `conv_1d` → `Conv 1d`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]*", class_name)
    lowered = [word if word.isupper() and len(word) > 1 else word.lower() for word in words]
    text = " ".join(lowered)
    return text[:1].upper() + text[1:]


class _Reader:
    """Reads one tree and gathers what is wrong."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._paths = bindings(tree)
        self._classes = {item.name: item for item in tree.body if isinstance(item, ast.ClassDef)}
        self._faults: list[Fault] = []

    def read(self) -> Definition:
        self._check_statements()
        block = self._block()
        if block is None:
            return Definition(faults=self._sorted())
        inputs: tuple[Port, ...] = ()
        outputs: tuple[str, ...] = ()
        forward = self._method(block, "forward")
        if forward is None:
            self._fault(block, f"{block.name} has no forward. Write `def forward(self, x: Tensor) -> Tensor:`.")
        else:
            inputs = tuple(self._inputs(forward))
            names, faults = read_outputs(forward)
            outputs = tuple(names)
            self._faults += faults
        about = ast.get_docstring(block) or ""
        init = self._method(block, "__init__")
        takes: Sequence[Argument | Inferred] = ()
        if init is not None:
            docs = f"{about}\n{ast.get_docstring(init) or ''}"
            takes, faults = read_arguments(init, docs, [port.name for port in inputs])
            self._faults += faults
        elif not self._is_plain(block):
            self._fault(block, f"{block.name} has no __init__, so what it takes can't be known. Write one.")
        return Definition(
            block.name,
            title_from(block.name) or block.name,
            _help(about, [each.name for each in takes]),
            tuple(takes),
            inputs,
            outputs,
            self._sorted(),
        )

    def _fault(self, where: ast.stmt | ast.expr | ast.arg, message: str) -> None:
        self._faults.append(Fault(where.lineno, message))

    def _sorted(self) -> tuple[Fault, ...]:
        return tuple(sorted(self._faults, key=lambda fault: fault.line))

    def _check_statements(self) -> None:
        for item in self._tree.body:
            match item:
                case ast.ImportFrom(level=level) if level:
                    self._fault(item, "An import can't be relative: the code stands alone. Name the whole module.")
                case ast.ImportFrom(names=[ast.alias(name="*")]):
                    self._fault(item, "Import names one by one: `*` hides what is used.")
                case ast.Import() | ast.ImportFrom() | ast.ClassDef() | ast.FunctionDef():
                    pass
                case ast.Assign(targets=targets) if all(isinstance(each, ast.Name) for each in targets):
                    pass
                case ast.AnnAssign(target=ast.Name()) | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    self._fault(item, "Outside classes and functions only imports and constants may stand.")

    def _block(self) -> ast.ClassDef | None:
        """The class that is the block."""
        modules = [each for each in self._classes.values() if self._is_module(each, set())]
        if not modules:
            first = next(iter(self._classes.values()), None)
            line = first.lineno if first is not None else 1
            message = "There is no class that derives from nn.Module. Write `class Name(nn.Module):`."
            self._faults.append(Fault(line, message))
            return None
        outer = [each for each in modules if not any(_mentions(other, each.name) for other in modules if other != each)]
        if len(outer) != 1:
            names = " and ".join(f"{each.name} (line {each.lineno})" for each in (outer or modules))
            last = (outer or modules)[-1]
            self._fault(last, f"{names} could each be the block. Use one inside the other, or make a block of each.")
            return None
        return outer[0]

    def _is_module(self, which: ast.ClassDef, seen: set[str]) -> bool:
        return any(
            self._is_torch(base)
            or (
                isinstance(base, ast.Name)
                and base.id in self._classes
                and base.id not in seen
                and self._is_module(self._classes[base.id], {*seen, which.name})
            )
            for base in which.bases
        )

    def _path(self, base: ast.expr) -> str:
        text = ast.unparse(base)
        first, dot, rest = text.partition(".")
        return f"{self._paths.get(first, first)}{dot}{rest}" if first not in self._classes else text

    def _is_torch(self, base: ast.expr) -> bool:
        return self._path(base).startswith("torch.nn.")

    def _is_plain(self, block: ast.ClassDef) -> bool:
        """Whether a class without a constructor takes nothing: it derives from nn.Module itself."""
        return all(
            self._path(base) == "torch.nn.Module"
            for each in self._ancestors(block)
            for base in each.bases
            if not (isinstance(base, ast.Name) and base.id in self._classes)
        )

    def _ancestors(self, block: ast.ClassDef) -> Iterator[ast.ClassDef]:
        """The class and those of the source that it derives from, nearest first."""
        seen: set[str] = set()
        waiting = [block]
        for each in waiting:  # it grows while it is read
            if each.name in seen:
                continue
            seen.add(each.name)
            yield each
            waiting += [
                self._classes[base.id] for base in each.bases if isinstance(base, ast.Name) and base.id in self._classes
            ]

    def _method(self, block: ast.ClassDef, name: str) -> Function | None:
        methods = chain.from_iterable(each.body for each in self._ancestors(block))
        return next((item for item in methods if isinstance(item, ast.FunctionDef) and item.name == name), None)

    def _inputs(self, forward: Function) -> Iterator[Port]:
        args = forward.args
        if args.vararg is not None or args.kwarg is not None:
            star = args.vararg or args.kwarg
            assert star is not None  # noqa: S101  one of them is there
            self._fault(star, f"Name every input of forward: *{star.arg} says neither how many nor which.")
        for each in args.kwonlyargs:
            self._fault(each, f"forward gets its inputs in order, so {each.arg} must stand before the *.")
        every = [*args.posonlyargs, *args.args]
        if not every or (len(every) == 1 and not args.vararg and not args.kwonlyargs):
            self._fault(forward, "forward takes no input. Write `def forward(self, x: Tensor) -> Tensor:`.")
            return
        defaults = [None] * (len(every) - len(args.defaults)) + list(args.defaults)
        plain = ""
        for arg, default in list(zip(every, defaults, strict=True))[1:]:
            is_none = isinstance(default, ast.Constant) and default.value is None
            says = ast.unparse(arg.annotation) if arg.annotation is not None else ""
            if default is not None and (not is_none or (says and "Tensor" not in says)):
                plain = arg.arg  # it stays at its default
            elif says and "Tensor" not in says:
                self._fault(arg, f"Every input is a Tensor; {arg.arg} is declared {says}. Make it a parameter.")
            elif plain:
                self._fault(arg, f"The input {arg.arg} must stand before {plain}, which is none.")
            else:
                yield Port(arg.arg, is_none)


def _nothing(line: int, message: str) -> Definition:
    return Definition(faults=(Fault(line, message),))


def _mentions(tree: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(tree))


def _help(docs: str, parameters: Sequence[str]) -> str:
    """The docstring without the lines that tell of parameters."""
    lines = []
    for line in docs.splitlines():
        if re.match(r"\s*(Args|Arguments|Parameters|Attributes)\s*:?\s*$", line):
            break
        name = re.match(r"\s*(?::param\s+)?(\w+)\b.*:", line)
        if name is None or name[1] not in parameters:
            lines.append(line)
    return "\n".join(lines).strip()
