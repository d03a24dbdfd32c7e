"""`layerloom blocks` and `layerloom presets`: what there is to build with and to start from."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.errors import CallError
from app.cli.options import JsonOption
from app.cli.output import digits, make_table, note, plain, print_json, say, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graph_engine.blocks import Block, Input, ParameterSpec
    from presets import Preset, Published


_MINE = "My blocks"


def blocks(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One block, in full.", show_default=False)] = None,
    json: JsonOption = False,
) -> None:
    """List the blocks of the library, the composites that come with Layerloom (@), and those you keep (my:).

    Example: layerloom blocks conv2d
    """
    found = [_find(name)] if name else _everything()
    if json:
        print_json([_block_data(block) for block in found])
    elif name:
        _show_block(found[0])
    else:
        _list_blocks(found)


def presets(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One preset, in full.", show_default=False)] = None,
    json: JsonOption = False,
) -> None:
    """List the presets: networks to start from.

    Example: layerloom presets lenet5
    """
    from presets import catalog

    known = catalog()
    if name and name not in known:
        near = get_close_matches(name, known, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`layerloom presets` lists them."
        raise CallError(f"There is no preset called {name!r}. {hint}")
    found = [known[name]] if name else list(known.values())
    if json:
        print_json([_preset_data(preset) for preset in found])
    elif name:
        _show_preset(found[0])
    else:
        _list_presets(found)


def _everything() -> list[type[Block]]:
    """The blocks, and after them the composites."""
    from graph_engine.blocks import all_blocks
    from presets.parts import parts

    return [*all_blocks().values(), *(part.block for part in parts().values()), *_own()]


def _own() -> list[type[Block]]:
    """The user's own blocks, by the keys that lists call them; what can't be read is told on stderr."""
    from graph_engine.document.own_blocks import read_library

    library = read_library()
    for fault in library.faults:
        note(fault)
    return [
        type(
            own.block.__name__,
            (own.block,),
            {"key": classmethod(lambda _, key=own.key: key), "category": _MINE, "__doc__": own.block.__doc__},
        )
        for own in library.blocks
    ]


def _find(name: str) -> type[Block]:
    """The block called `name`, or the composite `@name`; its @ may be left out.

    Raises: UnknownBlock with the nearest names of both.
    """
    from graph_engine.blocks import find_block
    from graph_engine.blocks.registry import UnknownBlock

    known = {block.key(): block for block in _everything()}
    block = find_block(name) or known.get(name) or known.get(f"@{name}") or known.get(f"my:{name}")
    if block is None:
        near = get_close_matches(name.lstrip("@"), [each.lstrip("@") for each in known], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`layerloom blocks` lists them."
        raise UnknownBlock(f"There is no block called {name!r}. {hint}")
    return block


def _block_data(block: type[Block]) -> dict[str, Any]:
    return {
        "name": block.key(),
        "title": block.title,
        "category": str(block.category),
        "summary": block.summary(),
        "parameters": [_parameter_data(spec) for spec in block.parameters()],
        "inputs": [
            {
                "name": port.name,
                "kinds": [str(kind) for kind in port.kinds],
                "optional": port.optional,
                "variadic": port.variadic,
                "help": port.help,
            }
            for port in block.inputs
        ],
        "outputs": [{"name": port.name, "kind": str(port.kind), "help": port.help} for port in block.outputs],
        "reference": str(block.reference) if block.reference else None,
    }


def _parameter_data(spec: ParameterSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.meta.title,
        "type": str(spec.type),
        "default": spec.default,
        "choices": list(spec.choices),
        "bounds": spec.bounds,
        "unit": spec.meta.unit,
        "help": spec.meta.help,
    }


def _list_blocks(found: list[type[Block]]) -> None:
    table = make_table("block", "title", "what it does")
    category = None
    for block in found:
        if block.category != category:
            category = block.category
            table.add_row(f"[bold]{plain(category)}[/]", end_section=False)
        table.add_row(f"  {block.key()}", plain(block.title), plain(block.summary()))
    show(table)


def _show_block(block: type[Block]) -> None:
    say(f"{block.title} ({block.key()}) · {block.category}")
    say("\n".join(line.strip() for line in (block.__doc__ or "").strip().splitlines()))
    if block.reference:
        say(f"\n{block.reference}")
    table = make_table("port", "takes or gives", "")
    for port in block.inputs:
        table.add_row(f"→ {port.name}", plain(_takes(port)), plain(port.help))
    for out in block.outputs:
        table.add_row(f"{out.name} →", plain(out.kind.axes), plain(out.help))
    if table.row_count:
        say("")
        show(table)
    if block.parameters():
        say("")
        _show_parameters(block.parameters())


def _takes(port: Input) -> str:
    words = " or ".join(f"{kind} {kind.axes}" for kind in port.kinds) or "anything"
    marks = [mark for mark, there in (("optional", port.optional), ("several", port.variadic)) if there]
    return f"{words} ({', '.join(marks)})" if marks else words


def _show_parameters(specs: Iterable[ParameterSpec]) -> None:
    table = make_table("parameter", "default", "takes", "")
    for spec in specs:
        table.add_row(spec.name, plain(_value(spec.default)), plain(spec.expectation), plain(spec.meta.help))
    show(table)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "×".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _preset_data(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "title": preset.title,
        "family": preset.family,
        "summary": preset.summary,
        "parameters": [_parameter_data(spec) for spec in preset.parameters],
        "paper": preset.paper,
        "year": preset.year,
        "data": preset.data,
        "help": preset.help,
        "published": None if preset.published is None else _published_data(preset.published),
        "sizes": [{"with": size.parameters, "of": size.node, **_published_data(size)} for size in preset.sizes],
    }


def _published_data(published: Published) -> dict[str, Any]:
    return {
        "params": published.params,
        "macs": published.macs,
        "input": list(published.input),
        "source": published.source,
    }


def _list_presets(found: list[Preset]) -> None:
    table = make_table("preset", "title", "year", "data", "what it is")
    for preset in found:
        table.add_row(
            preset.name, plain(preset.title), str(preset.year or ""), plain(preset.data), plain(preset.summary)
        )
    show(table)


def _show_preset(preset: Preset) -> None:
    say(f"{preset.title} ({preset.name}) · {preset.family}")
    say(preset.summary)
    if preset.help:
        say(f"\n{preset.help}")
    if preset.reference:
        say(f"\n{preset.reference}")
    for published in (preset.published, *preset.sizes):
        if published is not None:
            of, macs = published.node and f" ({published.node})", published.macs
            counted = f"{digits(published.params)} parameters{f', {digits(macs)} MACs' if macs else ''}"
            say(f"Published{of}: {counted} ({published.source})")
            if published.parameters:
                say(f"    {preset.name}:{published.parameters}")
    say(f"Data: {preset.data}")
    if preset.parameters:
        say("")
        _show_parameters(preset.parameters)
