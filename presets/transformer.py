"""Transformer encoders: Vaswani et al. (2017). Attention is all you need."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.parts.transformer import encoder_block, norm_first_encoder_block
from presets.preset import preset


@preset(
    title="Transformer encoder",
    family="Transformer",
    reference=Reference("Vaswani et al.", 2017, "Attention is all you need"),
)
def transformer(
    features: Annotated[int, Param("Features", "Length of each row's vector; a multiple of the heads.", ge=4)] = 48,
    heads: Annotated[int, Param("Heads", "Attention heads.", ge=1)] = 4,
    blocks: Annotated[int, Param("Blocks", "Encoder blocks, one after another.", ge=1, le=100)] = 2,
    norm_first: Annotated[
        bool, Param("Norm first", "Norms before attention and feed-forward; off: after the sums, as in the paper.")
    ] = True,
) -> Builder:
    """Reads an image as a sequence of its rows: every row attends to all others, block after block."""
    update = Update(
        optimiser=Optimiser(kind="adamw", learning_rate=3e-3, weight_decay=0.01), schedule=Schedule(kind="one_cycle")
    )
    net = Builder("Transformer encoder", plan=Plan(stages=(Stage(updates=(update,), epochs=20),), batch_size=32))
    image, label = net.input("image", 1, 28, 28), net.input("label", classes=10, label=True)
    x = net.add("linear", net.add("squeeze", image, title="Rows"), features=features)
    x = net.add("sinusoidal_encoding", x)
    block = (norm_first_encoder_block if norm_first else encoder_block).into(net)
    x = net.add(block, x, times=blocks, heads=heads, hidden=4 * features)
    x = net.add("global_avg_pool", net.add("layer_norm", x) if norm_first else x)
    net.classify(net.add("linear", x, features=10), label)
    return net
