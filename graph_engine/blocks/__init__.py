"""The block library: what a block is (`block`, `parameter`, `tensor`, `call`) and every block (`library`)."""

from graph_engine.blocks.block import Block, Category, Input, Output, Reference, Role, Specs
from graph_engine.blocks.call import Apply, Expression, Function, Infix, Layer, Method, Ref
from graph_engine.blocks.parameter import Numbers, Pair, Param, ParameterError, ParameterSpec, Shape
from graph_engine.blocks.refusal import ChangeChannels, Hint, InsertBlock, Refusal, SetParameterHint
from graph_engine.blocks.registry import UnknownBlock, all_blocks, find_block, get_block
from graph_engine.blocks.tensor import Axis, Dim, Kind, TensorSpec, kind_of

__all__ = [
    "Apply",
    "Axis",
    "Block",
    "Category",
    "ChangeChannels",
    "Dim",
    "Expression",
    "Function",
    "Hint",
    "Infix",
    "Input",
    "InsertBlock",
    "Kind",
    "Layer",
    "Method",
    "Numbers",
    "Output",
    "Pair",
    "Param",
    "ParameterError",
    "ParameterSpec",
    "Ref",
    "Reference",
    "Refusal",
    "Role",
    "SetParameterHint",
    "Shape",
    "Specs",
    "TensorSpec",
    "UnknownBlock",
    "all_blocks",
    "find_block",
    "get_block",
    "kind_of",
]
