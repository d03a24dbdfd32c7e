"""Data sets, their fields, and how they are bound to a document's inputs.

Importing this imports neither numpy nor torch.
"""

from graph_engine.data.binding import Resolution, Served, resolve, served_inputs
from graph_engine.data.catalog import list_datasets, open_dataset
from graph_engine.data.dataset import Dataset, fingerprint
from graph_engine.data.errors import DataError
from graph_engine.data.fields import Field, FieldKind
from graph_engine.data.loading import Samples, load_samples
from graph_engine.data.samples import Sample, sample, samples
from graph_engine.data.splitting import Split, split

__all__ = [
    "DataError",
    "Dataset",
    "Field",
    "FieldKind",
    "Resolution",
    "Sample",
    "Samples",
    "Served",
    "Split",
    "fingerprint",
    "list_datasets",
    "load_samples",
    "open_dataset",
    "resolve",
    "sample",
    "samples",
    "served_inputs",
    "split",
]
