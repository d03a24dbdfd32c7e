"""The loop: take steps, measure, look at control, save. Everything else is somewhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from graph_engine.data import Samples
from graph_engine.document import Document, Plan
from graph_engine.train.alterations import Alterations
from graph_engine.train.beginnings import FindWeights, Loaded, require_begin, weights_of_file
from graph_engine.train.changes import DatedChange
from graph_engine.train.control import Control, Go
from graph_engine.train.devices import choose_device, give_back, set_device_up
from graph_engine.train.errors import PlanError, TrainError
from graph_engine.train.evaluation import Evaluation
from graph_engine.train.feed import Feed
from graph_engine.train.history import History, read_feed
from graph_engine.train.judge import Judge
from graph_engine.train.keeper import Keeper
from graph_engine.train.meetings import Meetings
from graph_engine.train.meter import Meter
from graph_engine.train.objectives import series_of, series_of_epochs
from graph_engine.train.outcome import NotFinite, Outcome, Stopped
from graph_engine.train.plan_problems import why_not_judged, why_not_waited_for
from graph_engine.train.rescue import Ending, Rescue
from graph_engine.train.standing import JudgedBy, Standing, judged_by, progress_of
from graph_engine.train.states import RunState
from graph_engine.train.stepper import Stepper
from graph_engine.train.team import Team
from graph_engine.train.watching import Watcher

if TYPE_CHECKING:
    from graph_engine.compile import Program
    from graph_engine.document import Plan

T = TypeVar("T")

NO_GRAPHS = "CUDA graphs need a GPU: on this CPU, steps are compiled without them."

GRAPHS_NEED_ALL = "CUDA graphs need the whole network: where it is cut up, steps are compiled without them."

FLUSH = 1 / 20
"""s between two looks at what was measured."""


class Trainer:
    """Trains one document on one data set. Made on any thread; `run` blocks the thread that calls it."""

    def __init__(
        self,
        document: Document,
        program: Program,
        samples: Samples,
        *,
        control: Control | None = None,
        feed: Feed | None = None,
        folder: Path | None = None,
        threads: int | None = None,
        watcher: Watcher | None = None,
        find_weights: FindWeights = weights_of_file,
        ahead: Sequence[DatedChange] = (),
        team: Team | None = None,
    ) -> None:
        """`document` is a snapshot that nobody changes; `folder` takes history and checkpoints (None: nothing is
        written); `threads` is how many CPU threads a step takes (None: as torch is set); `find_weights` knows the runs
        whose weights stages begin with; `ahead` are changes to be made on the way, as those of a run done again. Each
        worker of a `team` has a trainer; only the first has a folder.

        Raises:
            PlanError: plan, document and data do not fit together.
            OSError: the folder can't be written.
        """
        self.control = control or Control()
        self.feed = feed or Feed()
        self._team = team
        self._meetings = Meetings(team, self.control) if team is not None else None
        self._obeyed = self.control if self._meetings is None else self._meetings.control
        self.stepper = Stepper(document, program, samples, choose_device(document.plan), find_weights, team)
        self.alterations = Alterations(document, folder, ahead)
        self.best = Judge(self.plan.patience, self.plan.judge)
        self.notes: list[str] = []
        """What was loaded, in sentences."""
        self.failure: Exception | None = None
        """What a failed run failed by."""
        self._program = program
        self._find_weights = find_weights
        self._threads = threads
        self._watcher = watcher
        self._names = names = series_of(document, self.plan.stages)
        self._history = History(folder, names) if folder is not None else None
        self._meter = Meter(names, self.feed, self._history, self.stepper.course.steps_per_epoch)
        _require_series(document, self.plan)
        self._began = False  # the first stage, with what it loads
        self._keeper = Keeper(folder, self._history)
        self._evaluation = Evaluation()
        self._standing = Standing(self._meter, self.best, self._elapsed)
        self._rescue = Rescue(self.stepper, program, self._standing, self._keeper, team)
        self._folder = folder
        self._notice = ""
        self._seconds = 0.0  # of training before this session
        self._started = time.perf_counter()
        # When to look at what was measured; workers of a team count steps, since their clocks differ.
        self._clock: Callable[[], float] = time.perf_counter if team is None else lambda: self.stepper.position.step
        self._next_flush = 0.0
        self._first_step = 0  # of this session

    @property
    def plan(self) -> Plan:
        """The plan as it is now."""
        return self.stepper.plan

    def resume(self, plan: Plan | None = None) -> bool:
        """Go on from the newest checkpoint that is whole; False when there is none, so that training begins at the
        first step. `plan` takes the place of the run's own from there on.

        Raises:
            TrainError: the checkpoint is of another network or plan, or `plan` can't be gone on by.
            OSError: the folder can't be written.
        """
        newest = self._found(self._keeper.newest)
        known = self._found(self.alterations.kept)
        step, epoch = (newest.step, newest.epoch) if newest is not None else (0, 0)
        if newest is not None:
            try:
                self.alterations.begin_at(step, self.stepper, known)
                self._meter.steps_per_epoch = self.stepper.course.steps_per_epoch
                self.stepper.restore(newest.weights, newest.state)
                self._standing.restore(newest.state)
            except (RuntimeError, KeyError, IndexError, TypeError, ValueError) as error:
                why = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
                run = self._folder.name if self._folder is not None else "it"
                raise TrainError(
                    f"The run can't be gone on with: its checkpoint of step {step} is not of this network and plan, "
                    f"or an earlier Layerloom trained other weights by them ({why}). Start a new run, whose first "
                    f"stage may begin with the weights of {run}."
                ) from error
            self._seconds = newest.state["seconds"]
            self._began = True
        else:
            self.alterations.begin_at(0, self.stepper, known)
        self._first_step = step
        if self._history is not None and self._folder is not None:
            self._history.cut(step, epoch)
            read_feed(self._folder, self.feed)
        if not self._found(lambda: self._keeper.go_back(step, self.best.step)):
            self._notice = f"The best weights, those of step {self.best.step}, are damaged: the next epoch is the best."
            self.best.forget()
        due, before = self.alterations.plan_due(step) if plan is None else None, judged_by(self.stepper)
        if plan is not None:
            self._require_series(plan)
            self.alterations.go_on_by(plan, self.stepper)
            self._take_plan(before)
        elif due is not None and due.change.plan is not None:
            self._require_series(due.change.plan)
            self.alterations.make(due, self.stepper)
            self._take_plan(before)
        self._report(RunState.QUEUED)
        return newest is not None

    def _require_series(self, plan: Plan) -> None:
        """Raises: PlanError when `plan`, by which the run is to go on, measures something else."""
        if series_of(self.alterations.document, plan.stages) != self._names:
            raise PlanError("A run can't go on by a plan that measures something else. Start a new run.")
        _require_series(self.alterations.document, plan)

    def begin(self) -> None:
        """Load what the first stage begins with, unless that was done.

        Raises: PlanError when it can't be loaded; TrainError when the changes ahead can't be kept.
        """
        stepper = self.stepper
        if not self._began:
            self.alterations.begin()
            for stage in self.plan.stages[1:]:  # rather than when those before have been trained
                require_begin(stage, stepper.document, self._program, stepper.network, self._find_weights)
            self._tell(stepper.begin())
            self._began = True

    def _tell(self, loads: Sequence[Loaded]) -> None:
        """Note what was loaded; what was not, and stays as it was, is told at once."""
        self.notes += [loaded.tell() for loaded in loads]
        left = " ".join(loaded.tell() for loaded in loads if not loaded.is_whole)
        self._notice = left or self._notice

    def compile(self) -> None:
        """Let `torch.compile` make what steps compute. What of the plan can't be done here is noted."""
        self.stepper.compile()
        if self.plan.cuda_graphs and self.stepper.device.type != "cuda":
            self.notes.append(NO_GRAPHS)
        elif self.plan.cuda_graphs and self.stepper.shards is not None:
            self.notes.append(GRAPHS_NEED_ALL)

    def run(self) -> Outcome:
        """Train to the end, or until told to stop. Whatever goes wrong is told by the outcome, nothing is raised."""
        set_device_up(self.plan, self.stepper.device, self._threads)
        self._started = time.perf_counter()
        self._next_flush = self._clock()
        state = RunState.FAILED
        try:
            try:
                if self._history is not None:
                    self._history.open()
                state, message = self._go()
                ending = Ending(message)
            except NotFinite as bad:
                ending = self._rescue.after_not_finite(bad)
        except Exception as error:  # noqa: BLE001  a failed run ends with words, not with a dead thread
            self.failure = error
            ending = self._rescue.after_error(error)
        finally:
            if self._history is not None:
                self._history.close()
        self._report(state, ending)
        give_back(self.stepper.device)
        return Outcome(self.feed.progress, self.best.best)

    def _go(self) -> tuple[RunState, str]:
        """Train until the run is over, or stopped."""
        try:
            return self._train()
        except Stopped:
            return self._end(RunState.STOPPED)

    def _train(self) -> tuple[RunState, str]:
        self._report(RunState.RUNNING)
        self.begin()
        stepper = self.stepper
        while True:
            self._begin_stage()
            while True:
                is_judged = not (stepper.epoch_is_over and stepper.position.epoch_step)
                if is_judged and stepper.position.step == self.alterations.next_step:
                    self._make_due()  # perhaps a plan by which the stage goes on
                if stepper.stage_is_over and not stepper.position.epoch_step:  # no steps left, no epoch to be judged
                    break
                self._run_epoch()
                is_last = stepper.position.stage + 1 == len(self.plan.stages)
                if self._obeyed.ends_with_epoch and not (is_last and stepper.stage_is_over):
                    return self._end(RunState.STOPPED)
            if stepper.position.stage + 1 == len(self.plan.stages):
                return self._end(RunState.FINISHED, self._said_enough() if self.best.has_enough else "")
            self._save()  # what the next stage begins with may not be there
            self._tell(stepper.go_on())
            self.best.start_over()

    def _begin_stage(self) -> None:
        meter, stepper = self._meter, self.stepper
        objectives = [update.objective for update in stepper.updates]
        meter.steps_per_epoch = stepper.course.steps_per_epoch
        meter.begin_stage(
            stepper.names,
            losses=[objective.names[0] for objective in objectives],
            uneven=[each.name for objective in objectives for each in objective.collected],
            idle=stepper.idle if stepper.is_sparse else None,
        )
        self._keeper.remember(self.stepper, time.perf_counter(), self._standing.state, at_once=True)

    def _run_epoch(self) -> None:
        stepper, control, add, clock = self.stepper, self._obeyed, self._meter.add, self._clock
        alterations = self.alterations
        course = None
        while course is not stepper.course:  # another plan may begin the epoch anew
            course = stepper.course
            for turn, count in stepper.turns_left():
                if control.wanted or stepper.position.step == alterations.next_step:
                    self._obey()
                    if course is not stepper.course:
                        break
                add(stepper.step(turn), count)
                if clock() >= self._next_flush:
                    self._flush()
        self._flush()
        self._finish_epoch()

    def _finish_epoch(self) -> None:
        """Evaluate, tell, judge, save: when an epoch is done, or cut short by the end of its stage."""
        at, meter = self.stepper.position, self._meter
        self._require_finite()
        metrics = {f"train_{name}": value for name, value in meter.epoch_means().items()}
        metrics |= self._evaluate()
        meter.latest |= metrics
        epoch = at.epoch + at.epoch_step / self.stepper.course.steps_per_epoch
        seconds = self._elapsed()
        for name, value in metrics.items():
            if name.startswith("val_"):
                self.feed.append(name, [at.step], [epoch], [seconds], [value])
        if self._history is not None:
            rate = self.stepper.updates[0].learning_rate(at.stage_step - 1)
            head = {"step": at.step, "epoch": at.epoch + 1, "seconds": seconds, "learning_rate": rate}
            self._history.append_epoch(head | metrics)
        if self.best.is_best(metrics):
            self._keeper.keep_best(self.stepper, metrics)
        self.best.look(metrics, at.step, at.epoch + 1)  # from here on nothing can fail until the epoch is done
        self._adapt(metrics)
        self.stepper.finish_epoch()
        meter.begin_epoch()
        self._report(RunState.RUNNING)
        if self._is_due(time.perf_counter(), epoch_done=True):
            self._save()

    def _adapt(self, metrics: dict[str, float]) -> None:
        """What an epoch's figures change: schedules that wait for a plateau, and whether the stage is to go on."""
        value = self._rescue.judged[self.stepper.position.epoch] = self.best.judged(metrics)
        self.stepper.judge(value)
        goal = self.plan.stages[self.stepper.position.stage].until
        if self.best.has_enough or (goal is not None and goal.reached(metrics.get(goal.series))):
            self.stepper.position.stage_done = True

    def _evaluate(self) -> dict[str, float]:
        if not self.stepper.course.validation_length:
            return {}
        try:
            with self.stepper.as_judged():
                found = self._evaluation.of(self.stepper, go_on=lambda: not self._obeyed.stopped, team=self._team)
        finally:
            self.stepper.train_mode()
        if found is None:
            raise Stopped
        return {f"val_{name}": value for name, value in found.items()}

    def _flush(self) -> None:
        """Fetch what was measured, and do what is done some twenty times a second."""
        bad = self._meter.flush(self.stepper.position, self._elapsed())
        now = time.perf_counter()
        if bad is not None:
            raise NotFinite(bad)
        if not self._fine(now):
            raise NotFinite(max(1, self.stepper.position.step), loss=False)
        if self._is_due(now):
            self._save()
        self._report(RunState.RUNNING)
        self._let_look()

    def _is_due(self, now: float, *, epoch_done: bool = False) -> bool:
        """Whether to save."""
        return self._found(lambda: self._keeper.is_due(now, epoch_done=epoch_done))

    def _fine(self, now: float) -> bool:
        """Whether the weights are finite, as far as that was looked at; and when to look again."""
        look = partial(self._keeper.remember, self.stepper, now, self._standing.state)
        if self._meetings is None:
            self._next_flush = now + FLUSH
            return look()
        if self.stepper.shards is not None:  # all look and copy, when the clock of the first says so
            due, self._next_flush = self._meetings.meet(
                self.stepper.position.step, lambda: self._keeper.copy_is_due(now)
            )
            return not due or look(at_once=True)
        fine, self._next_flush = self._meetings.meet(self.stepper.position.step, look)
        return fine

    def _found(self, find: Callable[[], T]) -> T:
        """What `find` gives, or gave the first worker of a team."""
        return find() if self._team is None else self._team.from_first(find)

    def _stand_by(self) -> None:
        """While paused."""
        if self._meetings is not None:
            self._fine(time.perf_counter())
        self._let_look()

    def _obey(self) -> None:
        """Do what was asked for, and stand still while paused. Raises: Stopped."""
        self._flush()
        go = Go.OBEY
        while go is not Go.ON:
            self._make_due()
            for change in self._obeyed.take_changes():
                self._alter(partial(self.alterations.ask, change))
            if self._obeyed.take_evaluation():
                self._evaluate_now()
            stood = time.perf_counter()
            if self._obeyed.paused and not self._obeyed.stopped:
                self._report(RunState.PAUSED)
                if self._is_due(stood, epoch_done=True):
                    self._save()
            go = self._obeyed.wait_to_go_on(self._stand_by)
            self._started += time.perf_counter() - stood
            if go is Go.END:
                raise Stopped
        self._report(RunState.PAUSED if self._obeyed.paused else RunState.RUNNING)

    def _make_due(self) -> None:
        """Make the changes whose step has come."""
        for dated in self.alterations.due(self.stepper):
            self._alter(partial(self.alterations.make, dated))

    def _alter(self, make: Callable[[Stepper], object]) -> None:
        """Make a change, with a checkpoint before it; one that does not fit is told, and nothing else happens."""
        stepper = self.stepper
        self._save()
        self._keeper.mark(stepper.position.step)
        before = judged_by(stepper)
        try:
            make(stepper)
        except TrainError as error:
            self._notice = str(error)
        else:
            self._notice = ""
        notice = self._notice
        if self._found(lambda: notice) != notice:
            raise TrainError(f"A change could not be made by every worker. {notice}".rstrip())
        if notice:
            return
        self._take_plan(before)
        self._keeper.begin_anew(stepper, self._standing.state)

    def _take_plan(self, before: JudgedBy) -> None:
        """The plan may be another by now. What was judged `before` by another series, or by other weights of losses,
        can't be compared with what comes.
        """
        if judged_by(self.stepper) != before:
            self.best.start_over()
            for update in self.stepper.updates:
                update.judge_anew()
        self._meter.steps_per_epoch = self.stepper.course.steps_per_epoch
        self.best.patience, self.best.judgement = self.plan.patience, self.plan.judge
        if not self.stepper.position.epoch_step:
            self._meter.begin_epoch()  # if it was not done, it begins again

    def _evaluate_now(self) -> None:
        """Measure on the held-out samples in the middle of an epoch: told and kept, but not judged."""
        at, seconds = self.stepper.position, self._elapsed()
        epoch = at.epoch + at.epoch_step / self.stepper.course.steps_per_epoch
        metrics = self._evaluate()
        self._meter.latest |= metrics
        for name, value in metrics.items():
            self.feed.append(name, [at.step], [epoch], [seconds], [value])
        self._notice = "" if metrics else "No samples are held out, so there is nothing to evaluate on."
        if metrics and self._history is not None:
            self._history.append_epoch({"step": at.step, "epoch": epoch, "seconds": seconds} | metrics)

    def _let_look(self) -> None:
        if self._watcher is not None and self._watcher.is_due(time.perf_counter()):
            self._watcher.look(self.stepper)

    def _end(self, state: RunState, message: str = "") -> tuple[RunState, str]:
        """Save the very step at which the run ends. Raises: TrainError when it can't be saved."""
        bad = self._meter.flush(self.stepper.position, self._elapsed())
        if bad is not None:
            raise NotFinite(bad)
        self._save()
        return state, message

    def _save(self) -> None:
        """All workers of a team call this at the same moment."""
        if self._folder is not None or self._team is not None:
            self._require_finite()
            self._keeper.save(self.stepper, self._standing.state(), self._meter.latest)

    def _require_finite(self) -> None:
        """What is not finite is neither judged nor saved. Raises: NotFinite."""
        if not self._rescue.is_finite():
            raise NotFinite(max(1, self.stepper.position.step), loss=False)

    def _elapsed(self) -> float:
        """s of training, pauses and earlier sessions considered."""
        return self._seconds + time.perf_counter() - self._started

    def _said_enough(self) -> str:
        best = self.best
        name = self.plan.judge.name.replace("_", " ")
        which = f"validation {name}" if self.stepper.course.validation_length else f"training {name}"
        found = f"The best was {best.value:.4g} after epoch {best.epoch}."
        return f"Stopped early: no better {which} for {best.waited} epochs. {found}"

    def _report(self, state: RunState, ending: Ending | None = None) -> None:
        ending = ending or Ending()
        progress = progress_of(self.stepper, self._elapsed() - self._seconds, self._first_step)
        self.feed.report(
            replace(
                progress,
                state=state,
                seconds=self._elapsed(),
                eta=progress.eta if state.live else None,
                metrics=dict(self._meter.latest),
                message=ending.message,
                node=ending.node,
                notice=self._notice,
                fits=ending.fits,
                diverged=ending.diverged,
            )
        )


def _require_series(document: Document, plan: Plan) -> None:
    """Raises: PlanError when the plan judges by something that no epoch tells, or waits for it."""
    told = [series_of_epochs(document, stage, held_out=plan.validation > 0) for stage in plan.stages]
    lacks = [why_not_judged(plan, told), *(why_not_waited_for(plan, at, there) for at, there in enumerate(told))]
    for why in filter(None, lacks):
        raise PlanError(why)
