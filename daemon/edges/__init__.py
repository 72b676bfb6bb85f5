"""From device to signal: thin, one coroutine a device, each run under `daemon.runtime.supervisor`.

The law of this room: an edge opens its device, says `up()`, posts what it sees with the instant at which it
saw it, and raises when the device is lost. It keeps no opinion and no state but the last thing it said.
"""
