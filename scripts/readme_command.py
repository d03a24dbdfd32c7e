"""Prints a command that README.md gives, so that CI runs what people read: `readme_command.py run` or `test`.

The command is the fenced block after `<!-- run-command -->` or `<!-- test-command -->`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def main() -> int:
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in {"run", "test"}:
        print("usage: readme_command.py run|test", file=sys.stderr)
        return 2
    text = README.read_text(encoding="utf-8")
    found = re.findall(rf"<!-- {name}-command -->\s*```\w*\n(.+?)\n```", text, flags=re.DOTALL)
    if len(found) != 1:
        print(
            f"README.md has {len(found)} blocks marked <!-- {name}-command -->; one is needed.",
            file=sys.stderr,
        )
        return 1
    print(found[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
