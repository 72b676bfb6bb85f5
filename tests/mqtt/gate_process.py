"""A gate that only publishes, as a process to be killed: `gate_process.py PORT FOLDER FACTS`.

Its ledger is the same every time; what was acknowledged lies in FOLDER/acked, written as durably as a
transaction would be.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.mqtt.rig import Gate, MemoryLedger, gate_spec


class LedgerOnDisk(MemoryLedger):
    def __init__(self, folder: Path, facts: int) -> None:
        super().__init__(facts)
        self._file = folder / "acked"
        if self._file.exists():
            self.acknowledged = int(self._file.read_text(encoding="ascii"))

    def set_acked(self, seq: int) -> None:
        super().set_acked(seq)
        fresh = self._file.with_suffix(".new")
        with fresh.open("w", encoding="ascii") as file:
            file.write(str(seq))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)


if __name__ == "__main__":
    port, folder, facts = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    asyncio.run(Gate(LedgerOnDisk(folder, facts), gate_spec(port)).run())
