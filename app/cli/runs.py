"""`layerloom runs`: the run store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.cli.options import JsonOption
from app.cli.output import duration, figure, make_table, plain, print_json, say, show

if TYPE_CHECKING:
    from graph_engine.runs import RunRecord

_SHOWN = ("val_accuracy", "val_loss", "train_loss")


def runs(json: JsonOption = False) -> None:
    """List the runs, the newest first. LAYERLOOM_HOME says where they live.

    Example: layerloom runs --json
    """
    from graph_engine.runs import RunStore

    store = RunStore()
    records = store.records()
    if json:
        print_json([_data(record) for record in records])
    elif records:
        _show(records)
    else:
        say(f"There are no runs in {store.folder} yet. Start one with: layerloom train lenet5")


def _data(record: RunRecord) -> dict[str, Any]:
    return {
        "run": record.id,
        "document": record.document,
        "state": str(record.state),
        "metrics": dict(record.metrics),
        "started": record.started or record.created,
        "seconds": record.seconds,
    }


def _show(records: list[RunRecord]) -> None:
    table = make_table("run", "document", "state", "epochs", "best", "started", "took", right=("epochs", "took"))
    for record in records:
        metrics = record.best or record.metrics
        great = [name for name in record.greater if name.startswith("val_")]
        name = next((name for name in ("val_accuracy", *great, *_SHOWN) if name in metrics), "")
        table.add_row(
            plain(record.id if record.name == record.id else f"{record.id} ({record.name})"),
            plain(record.document),
            str(record.state),
            f"{record.epoch}/{record.epochs}",
            f"{name} {figure(name, metrics[name])}" if name else "",
            (record.started or record.created)[:16].replace("T", " "),
            duration(record.seconds),
        )
    show(table)
