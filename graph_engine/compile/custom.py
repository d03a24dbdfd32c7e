"""Custom blocks in a program: their classes as the user wrote them, their imports among the program's.

Names that clash with others of the program are changed in the copy, wherever they stand for what the source defines.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graph_engine.blocks import Expression, Layer
from graph_engine.blocks.call import PARAMETRIZATIONS
from graph_engine.blocks.custom import PRELUDE, CustomBlock, bindings
from graph_engine.compile.leaves import each_layer
from graph_engine.compile.naming import Names, class_name
from graph_engine.compile.renaming import renamed

_KNOWN = {**PRELUDE, "math": "math", **{name: f"torch.nn.utils.parametrizations.{name}" for name in PARAMETRIZATIONS}}


@dataclass(frozen=True, slots=True)
class _Class:
    """One source as it is written into the program."""

    name: str
    text: str
    defaults: Mapping[str, Any]


@dataclass(slots=True)
class Customs:
    """The custom blocks that a program uses, each class once however often it is used."""

    names: Names
    _imported: dict[str, str] = field(default_factory=lambda: dict(_KNOWN))
    """Name → the dotted path of what every source that is written means by it."""
    _statements: dict[str, None] = field(default_factory=dict)
    _by_target: dict[str, _Class] = field(default_factory=dict)

    def use(self, block: CustomBlock, expression: Expression) -> Expression:
        """`expression` of a custom block, calling the class as it is called in the program."""
        if block.target not in self._by_target:
            self._by_target[block.target] = self._add(block)
        name = self._by_target[block.target].name
        made: Expression = each_layer(
            expression, lambda layer: replace(layer, target=name) if layer.target == block.target else layer
        )
        return made

    def trimmed(self, layer: Layer) -> Layer:
        """`layer` without arguments that are the defaults of a custom block's class."""
        made = next((each for each in self._by_target.values() if each.name == layer.target), None)
        if made is None:
            return layer
        return replace(layer, options=tuple(each for each in layer.options if each not in made.defaults.items()))

    @property
    def definitions(self) -> list[str]:
        """The text of every source, without its imports."""
        return [each.text for each in self._by_target.values()]

    def imports(self, *, first: bool) -> list[str]:
        """The import statements that a program does not have already: those before torch's, or those after."""
        found = sorted(self._statements, key=lambda text: (text.startswith("from"), text))
        future = [text for text in found if text.split()[1] == "__future__"]
        python = [text for text in found if text.split()[1].partition(".")[0] in sys.stdlib_module_names]
        python = [text for text in python if text not in future]
        rest = [text for text in found if text not in (*future, *python)]
        if not first:
            return [text for text in rest if text.startswith("from")]
        groups = [each for each in (future, python) if each]
        return [*(text for each in groups for text in (*each, "")), *(t for t in rest if not t.startswith("from"))]

    def _add(self, block: CustomBlock) -> _Class:
        tree = ast.parse(block.source)
        imported = bindings(tree)
        renames: dict[str, str] = {}
        for name, path in imported.items():
            if self._imported.get(name) != path:
                same = next((each for each, meant in self._imported.items() if meant == path), None)
                renames[name] = same or self.names.take(name)
                self._imported[renames[name]] = path
        own = block.definition.class_name
        for name in _defined(tree):
            wish = name if name != own or name[:1].isupper() else class_name(name)
            renames[name] = self.names.take(wish)
        renames = {name: fresh for name, fresh in renames.items() if name != fresh}
        for item in tree.body:
            if isinstance(item, (ast.Import, ast.ImportFrom)):
                self._note(item, renames)
        defaults = {
            each.name: (each.default,) * 2 if each.always_two and not isinstance(each.default, tuple) else each.default
            for each in block.definition.arguments
        }
        return _Class(renames.get(own, own), _body(renamed(block.source, renames)), defaults)

    def _note(self, item: ast.Import | ast.ImportFrom, renames: Mapping[str, str]) -> None:
        """Note what an import statement brings that the program has not, one name a statement."""
        for alias in item.names:
            bound = alias.asname or alias.name
            name = renames.get(bound, bound)
            if isinstance(item, ast.ImportFrom):
                path, text = f"{item.module}.{alias.name}", f"from {item.module} import {alias.name}"
            else:
                path, text = alias.name, f"import {alias.name}"
            if PRELUDE.get(name) != path:
                self._statements[text if name == alias.name else f"{text} as {name}"] = None


def _defined(tree: ast.Module) -> Iterable[str]:
    """What a source defines beside its imports, in order."""
    found: dict[str, None] = {}
    for item in tree.body:
        match item:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                found[name] = None
            case ast.Assign(targets=targets):
                found |= {each.id: None for each in targets if isinstance(each, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = None
    return found


def _body(source: str) -> str:
    """A source without imports and its own docstring, which is kept as a comment."""
    tree = ast.parse(source)
    lines: list[str | None] = list(source.split("\n"))
    docs = ast.get_docstring(tree)
    gone: list[ast.stmt] = [item for item in tree.body if isinstance(item, (ast.Import, ast.ImportFrom))]
    gone += [tree.body[0]] if docs is not None else []
    kept = [item for item in tree.body if item not in gone]
    if any(a.lineno <= b.end_lineno and b.lineno <= a.end_lineno for a in gone for b in kept):  # type: ignore[operator]
        text = ast.unparse(ast.Module(kept, []))  # several statements share a line
    else:
        for item in gone:
            for at in range(item.lineno - 1, item.end_lineno or item.lineno):
                lines[at] = None
        text = "\n".join(line.rstrip() for line in lines if line is not None).strip("\n")
    about = "".join(f"# {line}".rstrip() + "\n" for line in docs.splitlines()) if docs else ""
    return about + text
