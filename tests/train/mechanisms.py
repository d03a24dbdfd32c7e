"""Small documents, one for each mechanism that a plan has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graph_engine.document import (
    Average,
    Binding,
    Document,
    Goal,
    Judgement,
    Optimiser,
    Part,
    Penalty,
    Plan,
    Schedule,
    Stage,
    Update,
    WeightedLoss,
    WeightGroup,
)
from graph_engine.document.builder import Builder

SGD = Optimiser(kind="sgd", learning_rate=0.05)
ADAM = Optimiser(learning_rate=0.01)


def classifier(*stages: Stage, batch_size: int = 150, judge: Judgement | None = None) -> Document:
    """Digits 8×8 → linear, batch norm, ReLU, dropout → linear; tags `body` and `head`."""
    plan = Plan(stages=stages, batch_size=batch_size, validation=0.3, seed=3, judge=judge or Judgement())
    net = Builder("Classifier", plan=plan, binding=Binding(dataset="digits"))
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    x = net.add("linear", net.add("flatten", x), features=16, tags=("body",))
    x = net.add("dropout", net.add("relu", net.add("batch_norm", x, tags=("body",))), probability=0.2)
    net.classify(net.add("linear", x, features=10, tags=("head",)), label)
    return net.document


def one(update: Update, **stage: object) -> Document:
    return classifier(Stage(updates=(update,), epochs=2, **stage))  # type: ignore[arg-type]


def filters(kind: str = "adam", *, channels_last: bool = True) -> Document:
    """Digits through two convolutions."""
    update = Update(optimiser=Optimiser(kind=kind, learning_rate=0.01, momentum=0.9))  # type: ignore[arg-type]
    plan = Plan(stages=(Stage(updates=(update,), steps=4),), batch_size=50, seed=3, channels_last=channels_last)
    net = Builder("Filters", plan=plan, binding=Binding(dataset="digits"))
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    x = net.add("conv2d", x, channels=6, kernel=(3, 3))
    x = net.add("conv2d", net.add("relu", x), channels=5, kernel=(3, 3))
    net.classify(net.add("linear", net.add("flatten", x), features=10), label)
    return net.document


def critic_of(net: Builder) -> str:
    """A composite that scores 64 numbers."""
    inner = net.composite("critic", "Critic")
    x = inner.input("x", 64)
    x = inner.add("leaky_relu", inner.add("linear", x, features=12))
    inner.output(inner.add("linear", x, features=1), "score")
    return "@critic"


def gan(critic: Update, generator: Update, *, steps: int = 6, batch_size: int = 64) -> Document:
    """A generator of digits from 4 drawn numbers against a critic, used twice with the same weights."""
    plan = Plan(
        stages=(Stage(updates=(critic, generator), steps=steps),), batch_size=batch_size, validation=0.2, seed=2
    )
    net = Builder("Game", plan=plan, binding=Binding(dataset="digits"))
    real = net.add("flatten", net.input("image", 1, 8, 8))
    x = net.add("relu", net.add("linear", net.input("code", 4, drawn="normal"), features=12, tags=("generator",)))
    fake = net.add("sigmoid", net.add("linear", x, features=64, tags=("generator",)))
    net.output(fake, "sample")
    critic_block = critic_of(net)
    on_real = net.add(critic_block, real)
    on_fake = net.add(critic_block, fake, shares=on_real)
    net.add("wasserstein_loss", on_real, on_fake)
    net.add("wasserstein_loss", None, on_fake, side="generator")
    return net.document


CRITIC = Update(
    name="critic",
    losses=(WeightedLoss(node="wasserstein_loss_1"),),
    trains=("@critic",),
    optimiser=Optimiser(kind="rmsprop", learning_rate=1e-3, momentum=0.0),
)
GENERATOR = Update(
    name="generator",
    losses=(WeightedLoss(node="wasserstein_loss_2"),),
    trains=("#generator",),
    optimiser=Optimiser(learning_rate=1e-3, betas=(0.5, 0.9)),
)
SLOPE = Penalty(kind="gradient_penalty", weight=10.0, real="flatten_1", fake="sigmoid_1", score="critic_1")


def tasks() -> Document:
    """Classes 0–4, then 5–9 held to what the first stage learned."""
    first = Stage(name="first", updates=(Update(optimiser=SGD),), epochs=2, data=Part(values=(0, 1, 2, 3, 4)))
    held = Update(optimiser=SGD, penalties=(Penalty(kind="ewc", weight=50.0, stage="first", samples=20),))
    return classifier(first, Stage(updates=(held,), epochs=2, data=Part(values=(5, 6, 7, 8, 9))), batch_size=100)


HALF = "half precision"


def steep_in_half() -> Document:
    """Gradients are too large for fp16 until the scale that they are multiplied by has become small enough."""
    losses = (WeightedLoss(node="cross_entropy_1", weight=50.0),)
    momentum = Optimiser(kind="sgd", learning_rate=1e-3, momentum=0.9)
    document = one(Update(losses=losses, optimiser=momentum))
    document.plan = replace(document.plan, precision="fp16")
    return document


MECHANISMS: dict[str, Callable[[], Document]] = {
    "clipping": lambda: one(Update(optimiser=SGD, clip_norm=0.5, clip_value=0.02, clip_weights=0.2)),
    "average": lambda: one(Update(optimiser=ADAM, average=Average(decay=0.9))),
    "average with warm-up, kept aside": lambda: one(
        Update(optimiser=ADAM, average=Average(decay=0.99, warm_up=True, used=False))
    ),
    "accumulation": lambda: classifier(Stage(updates=(Update(optimiser=SGD, accumulate=3),), epochs=2), batch_size=64),
    "every and repeat": lambda: classifier(
        Stage(
            updates=(
                Update(trains=("#body",), optimiser=ADAM, repeat=2),
                Update(trains=("#head",), optimiser=SGD, every=3, average=Average(decay=0.8)),
            ),
            epochs=2,
        ),
        batch_size=100,
    ),
    "plateau": lambda: one(
        Update(optimiser=SGD, schedule=Schedule(kind="plateau", patience=1, threshold=0.5, factor=0.5)), until=None
    ),
    "warm-up and restarts": lambda: one(
        Update(optimiser=SGD, schedule=Schedule(kind="cosine", period=1, growth=2, warm_up=3))
    ),
    "groups": lambda: one(
        Update(
            optimiser=replace(
                ADAM, weight_decay=0.1, decays="kernels", groups=(WeightGroup(of=("#head",), factor=0.1),)
            ),
            schedule=Schedule(kind="exponential", factor=0.5),
            penalties=(
                Penalty(kind="l1", weight=1e-3),
                Penalty(kind="l2", weight=1e-2, of=("#head",)),
                Penalty(kind="orthogonal", weight=1e-3),
            ),
        )
    ),
    "goal and resets": lambda: classifier(
        Stage(
            updates=(Update(optimiser=ADAM),),
            epochs=9,
            until=Goal(series="val_accuracy", value=0.3),
        ),
        Stage(updates=(Update(optimiser=ADAM, freezes=("#body",)),), epochs=1, resets=("#head",)),
        judge=Judgement(name="accuracy", better="greater"),
    ),
    "tasks with consolidation": tasks,
    "critic steps and clipped weights": lambda: gan(replace(CRITIC, repeat=3, clip_weights=0.05), GENERATOR),
    "gradient penalty": lambda: gan(replace(CRITIC, penalties=(SLOPE,)), replace(GENERATOR, every=2)),
    "R1": lambda: gan(
        replace(CRITIC, penalties=(Penalty(kind="r1", weight=0.1, real="flatten_1", score="critic_1"),)),
        replace(GENERATOR, average=Average(decay=0.9)),
    ),
    HALF: steep_in_half,
    "lion": lambda: one(Update(optimiser=Optimiser(kind="lion", learning_rate=1e-3, betas=(0.9, 0.99)))),
    "nadam": lambda: one(Update(optimiser=Optimiser(kind="nadam", learning_rate=1e-3))),
}
