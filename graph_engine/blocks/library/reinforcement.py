"""Learning from rewards: an action is drawn, what came of it is told, and the network does more of what paid."""

from __future__ import annotations

from typing import ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Ref
from graph_engine.blocks.refusal import ChangeChannels, Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_WILLIAMS = Reference(
    "Williams", 1992, "Simple statistical gradient-following algorithms for connectionist reinforcement learning"
)
_SCORES, _ACTION, _ONE = TensorSpec((N, 4)), TensorSpec((N,), "int64", classes=4), TensorSpec((N, 1))


class DrawAction(Block):
    """Chooses by chance while training, the likelier the higher the score; in use, takes the highest.

    logits: (N, K) -> y: (N,), whole numbers below K, drawn with probabilities softmax(logits). No gradient passes: a
    policy gradient loss teaches the scores.
    """

    title: ClassVar = "Draw action"
    category: ClassVar = Category.LOSS
    keywords: ClassVar = ("sample", "categorical", "policy", "reinforce", "multinomial", "stochastic", "controller")
    reference: ClassVar = _WILLIAMS
    inputs: ClassVar = (Input("logits", (Kind.VECTOR,), "scores of the actions"),)
    detached: ClassVar = ("logits",)
    outputs: ClassVar = (Output("y", Kind.LABEL, "the action"),)
    examples: ClassVar = (({}, {"logits": _SCORES}),)

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("DrawAction")


class PolicyGradientLoss(Block):
    """Makes actions likelier by how much their reward is above what was to be expected (REINFORCE).

    logits: (N, K), action: (N,), reward: (N, 1), baseline: (N, 1) -> y: scalar, −(R − b) log softmax(logits)[action],
    averaged. No gradient reaches reward and baseline; let mean squared error teach a baseline the reward.
    """

    title: ClassVar = "Policy gradient"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("reinforce", "reinforcement learning", "reward", "policy", "baseline", "controller")
    reference: ClassVar = _WILLIAMS
    inputs: ClassVar = (
        Input("logits", (Kind.VECTOR,), "scores of the actions"),
        Input("action", (Kind.LABEL,), "the one that was taken"),
        Input("reward", (Kind.VECTOR,), "what came of it, one number"),
        Input("baseline", (Kind.VECTOR,), "what was to be expected, one number; 0 without it", optional=True),
    )
    detached: ClassVar = ("action", "reward", "baseline")
    outputs: ClassVar = (Output("loss", Kind.SCALAR),)
    examples: ClassVar = (
        ({}, {"logits": _SCORES, "action": _ACTION, "reward": _ONE}),
        ({}, {"logits": _SCORES, "action": _ACTION, "reward": _ONE, "baseline": _ONE}),
    )

    def build(self, inputs: Specs) -> Expression:
        scores, action = inputs["logits"], inputs["action"]
        if action.classes and action.classes > scores.length(1):
            raise Refusal(
                f"{self.title}: there are {action.classes} actions, but {scores} gives {scores.shape[1]} scores.",
                port="logits",
                expected=f"N×{action.classes}",
                hints=(ChangeChannels("logits", action.classes),),
            )
        for port in ("reward", "baseline"):
            if port in inputs and inputs[port].shape[1] != 1:
                raise Refusal(
                    f"The {port} is one number for each sample; {inputs[port]} arrives.",
                    port=port,
                    expected="N×1",
                    hints=(ChangeChannels(port, 1),),
                )
        baseline = (Ref("baseline"),) if "baseline" in inputs else ()
        return Function.of("policy_gradient_loss", Ref("logits"), Ref("action"), Ref("reward"), *baseline)
