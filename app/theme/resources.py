"""Files in memory that Qt opens by a `:/…` path: the icons of a style sheet in the colours of the moment.

A style sheet names its images by path and Qt's own SVG engine draws them sharp at any scale. Files written to
disk would need a place, cleaning up and a disk that is not full; so they are laid out in memory as Qt's
resource compiler would (format 1: a tree of big-endian records, a table of names, the data).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from weakref import finalize

from PySide6.QtCore import qRegisterResourceData, qUnregisterResourceData

_FORMAT = 1
_FILE, _DIRECTORY = 0, 2
_ANY_COUNTRY, _C_LOCALE = 0, 1  # a file for every language

_Folder = dict[str, "_Folder | bytes"]


class ResourceBundle:
    """Files known to Qt under `:/` from `register` until `unregister`."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        """`contents` maps paths without the leading `:/` to the bytes of the files."""
        self._parts = _layout(contents)
        self._release: finalize | None = None

    def register(self) -> None:
        """Makes the files known."""
        if self._release is None:
            qRegisterResourceData(_FORMAT, *self._parts)
            # Qt keeps pointers into the parts: the finaliser keeps them alive for as long as that
            self._release = finalize(self, qUnregisterResourceData, _FORMAT, *self._parts)

    def unregister(self) -> None:
        """Takes the files back; what Qt has drawn of them stays drawn."""
        if self._release is not None:
            self._release()
            self._release = None


def _layout(contents: Mapping[str, bytes]) -> tuple[bytes, bytes, bytes]:
    """The tree, the names and the data; a folder's entries lie together, ordered by the hash of their
    names.
    """
    names, offsets = bytearray(), dict[str, int]()
    data = bytearray()
    queue: list[tuple[str, _Folder | bytes]] = [("", _folders(contents))]
    records = []
    for name, entry in queue:  # grows while it is walked: breadth first
        if name and name not in offsets:
            offsets[name] = len(names)
            names += struct.pack(">HI", len(name), _hash(name)) + name.encode("utf-16-be")
        offset = offsets.get(name, 0)
        if isinstance(entry, bytes):
            records.append(struct.pack(">IHHHI", offset, _FILE, _ANY_COUNTRY, _C_LOCALE, len(data)))
            data += struct.pack(">I", len(entry)) + entry
        else:
            records.append(struct.pack(">IHII", offset, _DIRECTORY, len(entry), len(queue)))
            queue.extend(sorted(entry.items(), key=lambda item: _hash(item[0])))
    return b"".join(records), bytes(names), bytes(data)


def _folders(contents: Mapping[str, bytes]) -> _Folder:
    root: _Folder = {}
    for path, content in contents.items():
        *parents, name = path.split("/")
        folder = root
        for parent in parents:
            child = folder.setdefault(parent, {})
            if isinstance(child, bytes):
                raise ValueError(f"{parent} is a file and a folder in {path}")
            folder = child
        folder[name] = content
    return root


def _hash(name: str) -> int:
    """Qt's hash of a resource name."""
    value = 0
    for letter in name:
        value = (value << 4) + ord(letter)
        value ^= (value & 0xF0000000) >> 23
        value &= 0x0FFFFFFF
    return value
