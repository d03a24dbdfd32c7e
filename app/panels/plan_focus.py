"""Which stage and which update of a plan the form edits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graph_engine.document import Plan, Stage


@dataclass(frozen=True, slots=True)
class Focus:
    """A stage and an update in it, by number from 0."""

    stage: int = 0
    update: int = 0

    def within(self, plan: Plan) -> Focus:
        """The nearest that a plan has."""
        stage = min(self.stage, len(plan.stages) - 1)
        return Focus(stage, min(self.update, len(plan.stages[stage].updates) - 1))

    def of(self, plan: Plan) -> Plan:
        """`plan` as if it had this stage and this update alone: what the form edits."""
        stage = plan.stages[self.stage]
        return replace(plan, stages=(replace(stage, updates=(stage.updates[self.update],)),))

    def into(self, plan: Plan, edited: Plan) -> Plan:
        """`plan` with what was changed in `edited`, which came from `of`. Penalties that remember a stage follow it to
        another name.
        """
        stage, before = edited.stages[0], plan.stages[self.stage].name
        updates = list(plan.stages[self.stage].updates)
        updates[self.update] = stage.updates[0]
        stages = list(plan.stages)
        stages[self.stage] = replace(stage, updates=tuple(updates))
        if before and stage.name and before != stage.name:
            stages = [_remembering(each, before, stage.name) for each in stages]
        return replace(edited, stages=tuple(stages))


def _remembering(stage: Stage, old: str, new: str) -> Stage:
    """A stage whose penalties call a stage before it by its new name."""
    updates = tuple(
        replace(
            update,
            penalties=tuple(replace(each, stage=new) if each.stage == old else each for each in update.penalties),
        )
        for update in stage.updates
    )
    return replace(stage, updates=updates)
