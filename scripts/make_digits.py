"""Writes assets/data/digits.npz from scikit-learn's copy of the UCI optical digits."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "assets" / "data" / "digits.npz"


def main() -> None:
    source = load_digits()
    # images: (1797, 8, 8) in 0..16; labels: (1797,) in 0..9
    np.savez_compressed(TARGET, images=source.images.astype(np.uint8), labels=source.target.astype(np.uint8))
    print(f"{hashlib.sha256(TARGET.read_bytes()).hexdigest()}  {TARGET.name}")


if __name__ == "__main__":
    main()
