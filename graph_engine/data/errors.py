"""What goes wrong with data, in sentences for people."""

from __future__ import annotations


class DataError(Exception):
    """Data that can't be opened, read or served; the message says what, where and what to do."""
