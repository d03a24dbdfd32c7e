"""A network with much that is unusual, and its training by its plan as one writes it by hand: torch's own optimisers,
schedules and clipping, and a loop. It knows the names in the drawing, and nothing of the trainer but its seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.data.seeds import ORDER, STEP, mix
from graph_engine.document import Binding, Document, Optimiser, Plan, Schedule, SetNode, Stage, Update
from graph_engine.document.builder import Builder

Batch = dict[str, Tensor]

CLASS_WEIGHTS = (1.0, 0.5, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 0.2, 1.0)
_MEANT = {
    "#stem": ("conv2d_1", "batch_norm_1"),
    "#inner": ("cell_1.0.conv2d_1", "cell_1.1.conv2d_1", "cell_1.0.batch_norm_1", "cell_1.1.batch_norm_1"),
    "#body": ("cell_1", "linear_1"),
    "#head": ("linear_4",),
    "#aux": ("linear_5",),
    "@cell": ("cell_1",),
    "cell:conv2d_1": ("cell_1.0.conv2d_1", "cell_1.1.conv2d_1"),
    "cell:batch_norm_1": ("cell_1.0.batch_norm_1", "cell_1.1.batch_norm_1"),
    "cell:conv2d_2": ("cell_1.0.conv2d_2", "cell_1.1.conv2d_2"),
    "linear_3": ("linear_2",),
}
"""The modules that an address means, where it is not one of the same name."""
_LEARN = {
    "cross_entropy_1": ("conv2d_1", "batch_norm_1", "cell_1", "linear_1", "linear_2", "linear_4"),
    "cross_entropy_2": ("linear_5",),
}


def odd(*stages: Stage, frozen: Sequence[str] = (), batch_size: int = 190, patience: int | None = None) -> Document:
    """A stem, a repeated composite, a layer used twice, a bypassed dropout, classes that weigh differently, and a
    second head behind a stop gradient.
    """
    plan = Plan(stages=stages or (Stage(),), batch_size=batch_size, validation=0.3, seed=4, patience=patience)
    net = Builder("Odd", plan=plan, binding=Binding(dataset="digits"))
    image, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    cell = net.composite("cell", "Cell")
    x = cell.input("x", 4, 8, 8)
    z = cell.add("conv2d", x, channels=4, kernel=(3, 3), padding="same", bias=False, tags=("inner",))
    z = cell.add("conv2d", cell.add("relu", cell.add("batch_norm", z, tags=("inner",))), channels=4, kernel=(1, 1))
    cell.output(cell.add("add", x, z), "y")
    h = net.add("conv2d", image, channels=4, kernel=(3, 3), padding="same", bias=False, tags=("stem",))
    h = net.add("@cell", net.add("relu", net.add("batch_norm", h, tags=("stem",))), times=2, tags=("body",))
    h = net.add("flatten", net.add("dropout", h, probability=0.3))
    h = net.add("relu", net.add("linear", h, features=16, tags=("body",)))
    first = net.add("linear", h, features=16)
    twice = net.add("linear", net.add("relu", first), features=16, shares=first)
    logits = net.add("linear", net.add("dropout", twice, probability=0.9), features=10, tags=("head",))
    net.output(logits)
    net.add("cross_entropy", logits, label, class_weights=CLASS_WEIGHTS)
    net.add("accuracy", logits, label)
    second = net.add("linear", net.add("stop_gradient", h), features=10, tags=("aux",))
    net.add("cross_entropy", second, label, label_smoothing=0.1)
    net.document.apply(SetNode("dropout_2", "bypassed", True))
    for address in frozen:
        graph, _, node = address.rpartition(":")
        net.document.apply(SetNode(node, "frozen", True, graph or "main"))
    return net.document


def losses_of(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Both losses of `odd`."""
    modules, label = dict(network.named_children()), batch["label"]
    h = F.relu(modules["batch_norm_1"](modules["conv2d_1"](batch["image"])))
    for cell in modules["cell_1"].children():
        parts = dict(cell.named_children())
        h = h + parts["conv2d_2"](F.relu(parts["batch_norm_1"](parts["conv2d_1"](h))))
    h = F.relu(modules["linear_1"](modules["dropout_1"](h).flatten(1)))
    logits = modules["linear_4"](modules["linear_2"](F.relu(modules["linear_2"](h))))
    return {
        "cross_entropy_1": F.cross_entropy(logits, label, torch.tensor(CLASS_WEIGHTS)),
        "cross_entropy_2": F.cross_entropy(modules["linear_5"](h.detach()), label, label_smoothing=0.1),
    }


@dataclass(slots=True)
class Trained:
    """What came of it: the weights that are kept, and the loss on all held-out samples after each epoch."""

    weights: dict[str, Tensor]
    losses: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Updating:
    update: Update
    losses: dict[str, float]
    parameters: dict[str, nn.Parameter]
    optimiser: torch.optim.Optimizer
    rate: Callable[[int], float]
    means: dict[str, Tensor]
    taken: int = 0
    lowered: float = 1.0
    best: float = math.inf
    waited: int = 0


def by_hand(document: Document) -> Trained:
    """Trains `odd` as its plan says."""
    plan = document.plan
    network = compile_document(document).make(plan.seed)
    train, held = _data(document)
    frozen = _modules(
        f"{name}:{node.id}" if name != "main" else node.id
        for name, graph in document.graphs.items()
        for node in graph
        if node.frozen
    )
    step = epoch = 0
    losses: list[float] = []
    kept: dict[str, Tensor] = {}
    for stage in plan.stages:
        resting = set.intersection(*(set(_modules(update.freezes)) for update in stage.updates))
        taken = max(update.repeat * update.accumulate for update in stage.updates)
        a_epoch = -(-len(_batches(train, plan, 0)) // taken)
        steps = stage.steps or stage.epochs * a_epoch
        updates = [_updating(update, network, frozen, steps, a_epoch) for update in stage.updates]
        done, best, waited, is_over = 0, math.inf, 0, False
        while done < steps and not is_over:
            batches = _batches(train, plan, epoch)
            for first in range(0, len(batches), taken):
                if done == steps:
                    break
                network.train()
                for name in (*frozen, *resting):
                    network.get_submodule(name).eval()
                torch.manual_seed(mix(plan.seed, STEP, step))
                for each in updates:
                    if not (done + 1) % each.update.every:
                        _turn(each, network, batches[first : first + taken], done)
                done, step = done + 1, step + 1
            epoch += 1
            live = {name: value.clone() for name, value in network.state_dict().items()}
            for each in updates:
                if each.update.average is not None and each.update.average.used and each.taken:
                    network.load_state_dict(each.means, strict=False)
            kept = {name: value.clone() for name, value in network.state_dict().items()}
            network.eval()
            with torch.no_grad():
                found = losses_of(network, held)
            loss = sum(weight * float(found[name]) for name, weight in updates[0].losses.items())
            losses.append(loss)
            network.load_state_dict(live)
            for each in updates:
                _judge(each, loss)
            best, waited = (loss, 0) if loss < best else (best, waited + 1)
            is_over = plan.patience is not None and waited >= plan.patience
            is_over |= stage.until is not None and stage.until.reached(loss)
        network.load_state_dict(kept)  # the next stage begins with what this one was judged by
    return Trained(kept, losses)


def _updating(update: Update, network: nn.Module, frozen: Sequence[str], steps: int, a_epoch: int) -> _Updating:
    losses = {each.node: each.weight for each in update.losses} or dict.fromkeys(_LEARN, 1.0)
    learn = [module for name in losses for module in _LEARN[name]]
    taken = {
        name: parameter
        for name, parameter in network.named_parameters()
        if _is_of(name, learn)
        and (not update.trains or _is_of(name, _modules(update.trains)))
        and not _is_of(name, [*frozen, *_modules(update.freezes)])
    }
    chosen, left, groups = update.optimiser, dict(taken), []
    named = [(_modules(group.of), group.factor, group.weight_decay) for group in chosen.groups]
    for modules, factor, own in [*named, ([name.rpartition(".")[0] for name in taken], 1.0, None)]:
        for name in [each for each in left if _is_of(each, modules)]:
            decay = chosen.weight_decay if own is None else own
            parameter = left.pop(name)
            is_pulled = chosen.decays == "all" or parameter.dim() > 1
            groups.append({"params": [parameter], "factor": factor, "weight_decay": decay if is_pulled else 0.0})
    return _Updating(
        update,
        losses,
        taken,
        _optimiser(chosen, groups),
        _rate(update.schedule, steps, a_epoch),
        {name: parameter.detach().clone() for name, parameter in taken.items()},
    )


def _turn(each: _Updating, network: nn.Module, turn: Sequence[Batch], done: int) -> None:
    update = each.update
    for number in range(update.repeat):
        first = number * update.accumulate
        batches = [turn[(first + at) % len(turn)] for at in range(min(update.accumulate, len(turn)))]
        samples, counted = sum(len(batch["label"]) for batch in batches), sum(_counted(batch) for batch in batches)
        network.zero_grad()
        for batch in batches:
            found, share = losses_of(network, batch), len(batch["label"]) / samples
            shares = {"cross_entropy_1": _counted(batch) / counted, "cross_entropy_2": share}
            loss = torch.stack([weight * shares[name] * found[name] for name, weight in each.losses.items()]).sum()
            for penalty in update.penalties:
                loss = loss + share * penalty.weight * _size(penalty.kind, _penalised(each, penalty.of))
            loss.backward()
        parameters = list(each.parameters.values())
        if update.clip_value is not None:
            nn.utils.clip_grad_value_(parameters, update.clip_value)
        if update.clip_norm is not None:
            nn.utils.clip_grad_norm_(parameters, update.clip_norm)
        rate = each.rate(done)
        rate = max(rate * each.lowered, min(rate, update.schedule.floor))
        for group in each.optimiser.param_groups:
            group["lr"] = update.optimiser.learning_rate * rate * group["factor"]
        each.optimiser.step()
        with torch.no_grad():
            for name, parameter in each.parameters.items():
                if update.clip_weights is not None:
                    parameter.clamp_(-update.clip_weights, update.clip_weights)
                if update.average is not None:
                    slow = update.average.decay
                    if update.average.warm_up:
                        slow = min(slow, (1 + each.taken) / (10 + each.taken))
                    each.means[name].lerp_(parameter, 1 - slow if each.taken else 1.0)
        each.taken += 1


def _counted(batch: Batch) -> float:
    """How much the classes of a batch weigh together."""
    return float(torch.tensor(CLASS_WEIGHTS)[batch["label"]].sum())


def _penalised(each: _Updating, of: Sequence[str]) -> list[nn.Parameter]:
    return [
        parameter
        for name, parameter in each.parameters.items()
        if parameter.dim() > 1 and (not of or _is_of(name, _modules(of)))
    ]


def _size(kind: str, weights: Sequence[Tensor]) -> Tensor:
    return torch.stack([each.abs().sum() if kind == "l1" else (each**2).sum() / 2 for each in weights]).sum()


def _judge(each: _Updating, loss: float) -> None:
    schedule = each.update.schedule
    if schedule.kind != "plateau":
        return
    if loss < each.best * (1 - schedule.threshold):
        each.best, each.waited = loss, 0
        return
    each.waited += 1
    if each.waited > schedule.patience:
        each.lowered, each.waited = max(each.lowered * schedule.factor, schedule.floor), 0


def _optimiser(chosen: Optimiser, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
    match chosen.kind:
        case "sgd":
            return torch.optim.SGD(groups, lr=1.0, momentum=chosen.momentum, nesterov=chosen.nesterov)
        case "adamw":
            return torch.optim.AdamW(groups, lr=1.0, betas=chosen.betas)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=1.0, momentum=chosen.momentum, centered=chosen.centred)
        case _:
            return torch.optim.Adam(groups, lr=1.0, betas=chosen.betas, amsgrad=chosen.amsgrad)


def _rate(schedule: Schedule, steps: int, a_epoch: int) -> Callable[[int], float]:
    """What the learning rate is multiplied by at a step; of a plateau, without what that did."""
    rest = steps - schedule.warm_up

    def after(step: int) -> float:
        epoch, left = step // a_epoch, 1 - step / rest
        match schedule.kind:
            case "step":
                return float(schedule.factor ** (epoch // schedule.every))
            case "exponential":
                return float(schedule.factor**epoch)
            case "multi_step":
                return float(schedule.factor ** sum(epoch >= each for each in schedule.milestones))
            case "polynomial":
                return schedule.floor + (1 - schedule.floor) * left**schedule.power
            case "cosine":
                return schedule.floor + (1 - schedule.floor) * (1 + math.cos(math.pi * (1 - left))) / 2
            case "one_cycle":
                optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0)
                torchs = OneCycleLR(optimiser, 1.0, rest, pct_start=schedule.rise, cycle_momentum=False)
                for _ in range(step):
                    optimiser.step()
                    torchs.step()
                return float(optimiser.param_groups[0]["lr"])
            case _:
                return 1.0

    def rate(step: int) -> float:
        if step < schedule.warm_up:
            return schedule.warm_up_from + (1 - schedule.warm_up_from) * step / schedule.warm_up
        return after(step - schedule.warm_up)

    return rate


def _data(document: Document) -> tuple[Batch, Batch]:
    digits, plan = open_dataset("digits"), document.plan
    samples = load_samples(digits, resolve(document).inputs, split(digits, plan.validation, plan.seed))
    names = {"input_1": "image", "input_2": "label"}
    return tuple({names[node]: value for node, value in part.items()} for part in (samples.train, samples.validation))


def _batches(samples: Batch, plan: Plan, epoch: int) -> list[Batch]:
    """Those of an epoch; one of a single sample is left out."""
    generator = torch.Generator().manual_seed(mix(plan.seed, ORDER, epoch))
    order = torch.randperm(len(samples["label"]), generator=generator)
    parts = [part for part in order.split(plan.batch_size) if len(part) > 1]
    return [{name: values[part] for name, values in samples.items()} for part in parts]


def _modules(addresses: Sequence[str] | Iterator[str]) -> list[str]:
    return [module for address in addresses for module in _MEANT.get(address, (address,))]


def _is_of(name: str, modules: Sequence[str]) -> bool:
    return any(name.startswith(f"{module}.") for module in modules)
