"""Networks that say again what they were given, through a few numbers."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Optimiser, Plan, Stage, Update, WeightedLoss
from graph_engine.document.builder import Builder, Port
from presets.preset import Published, preset


@preset(
    title="Auto-encoder",
    family="Auto-encoders",
    size=9_416,
    reference=Reference("Hinton, Salakhutdinov", 2006, "Reducing the dimensionality of data with neural networks"),
)
def autoencoder(
    code: Annotated[int, Param("Code", "How many numbers an image goes through.", ge=1)] = 8,
    hidden: Annotated[int, Param("Hidden", "Units of the layers before and after the code.", ge=1)] = 64,
) -> Builder:
    """An image of 64 pixels becomes a few numbers, and an image again."""
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=3e-3))
    net = Builder(
        "Auto-encoder",
        plan=Plan(stages=(Stage(updates=(update,), epochs=40),), batch_size=32),
        binding=Binding(dataset="digits"),
    )
    image = net.add("flatten", net.input("image", 1, 8, 8))
    x = net.add("relu", net.add("linear", image, features=hidden))
    x = net.add("linear", x, features=code, title="Code")
    x = net.add("relu", net.add("linear", x, features=hidden))
    x = net.add("sigmoid", net.add("linear", x, features=64))
    net.output(x, "image_again")
    net.add("mean_squared_error", x, image)
    net.add("r2", x, image)
    return net


@preset(
    title="Variational auto-encoder",
    family="Auto-encoders",
    size=652_824,
    reference=Reference("Kingma, Welling", 2014, "Auto-encoding variational Bayes"),
    published=Published(652_824, "pytorch/examples vae: 784-400-20-400-784 with biases"),
)
def vae(
    code: Annotated[int, Param("Code", "How many numbers an image goes through.", ge=1)] = 20,
    hidden: Annotated[int, Param("Hidden", "Units of the layers before and after the code.", ge=1)] = 400,
    grid: Annotated[
        bool, Param("Latent grid", "On: also makes one picture of what lies between four codes, to be looked at.")
    ] = False,
) -> Builder:
    """An image becomes a cloud of codes around one point; points between those of digits are digits as well.

    The losses are weighed as in the paper: the binary cross entropy summed over the 784 pixels, and the KL divergence.
    """
    losses = (WeightedLoss(node="binary_cross_entropy_1", weight=784.0), WeightedLoss(node="gaussian_kl_1"))
    update = Update(losses=losses, optimiser=Optimiser(kind="adam", learning_rate=1e-3))
    net = Builder(
        "Variational auto-encoder",
        plan=Plan(stages=(Stage(updates=(update,), epochs=40),), batch_size=32),
        binding=Binding(dataset="digits"),
    )
    decoder = net.composite("decoder", "Decoder", help="From codes to the logits of the pixels of images.")
    h = decoder.add("relu", decoder.add("linear", decoder.input("code", code), features=hidden))
    decoder.output(decoder.add("linear", h, features=784), "logits")

    image = net.add("flatten", net.input("image", 1, 28, 28))
    h = net.add("relu", net.add("linear", image, features=hidden))
    mean = net.add("linear", h, features=code, title="Mean")
    log_variance = net.add("linear", h, features=code, title="Log variance")
    logits = net.add("@decoder", net.add("gaussian_sample", mean, log_variance))
    again = net.add("sigmoid", logits)
    net.output(again, "image_again")
    net.add("binary_cross_entropy", logits, image)
    net.add("gaussian_kl", mean, log_variance)
    net.add("mae", again, image)
    if grid:
        _latent_grid(net, code, logits)
    return net


def _latent_grid(net: Builder, code: int, decoded: Port) -> None:
    """One picture of 8×8 images: what the decoder makes of four drawn codes, in the corners, and of codes between."""
    mosaic = net.composite("mosaic", "Mosaic", help="Lays 64 images of 28×28 out in rows of eight.")
    pixels = mosaic.add("reshape", mosaic.add("transpose", mosaic.input("images", 64, 784)), shape=(784, 8, 8))
    mosaic.output(mosaic.add("pixel_shuffle", pixels, scale=28), "picture")

    corners = net.input("corners", code, 2, 2, drawn="normal")
    codes = net.add("upsample", corners, title="Codes between four", scale=4, mode="bilinear", align_corners=True)
    each = net.add("@decoder", net.add("positions_to_sequence", codes), title="Decoder of the grid", shares=decoded)
    net.output(net.add("@mosaic", net.add("sigmoid", each), title="Latent grid"), "latent_grid")
