"""Appends as fast as it can, and says each number once it is durable: `appending_process.py FOLDER SEED`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from daemon.store import Store
from tests.store.histories import History

if __name__ == "__main__":
    store = Store(Path(sys.argv[1]), ballast_bytes=0)
    store.open()
    for decision in History(int(sys.argv[2])).decisions(1_000_000):
        numbers = store.append(decision)
        os.write(1, f"{numbers[-1]} {len(numbers)} {store.head()}\n".encode())
