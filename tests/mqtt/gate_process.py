"""A gate that only publishes, as a process to be killed: `gate_process.py PORT FOLDER-OF-THE-STORE`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from daemon.store import Store
from tests.mqtt.rig import Gate, gate_spec

if __name__ == "__main__":
    store = Store(Path(sys.argv[2]), ballast_bytes=0)
    store.open()
    asyncio.run(Gate(store, gate_spec(int(sys.argv[1]))).run())
