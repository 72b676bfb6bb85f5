"""Eyes of the gate: a child process that captures, reads and tracks, and the parent side that keeps it alive.

The law of this room: OpenCV and the networks load in the child alone, because a hung read or a growing buffer
can be killed in a process and cannot in a thread. What crosses the pipe is in `messages`; what a car's frames
add up to is in `tracks`, which is pure; `parent` is all that the rest of the daemon imports.
"""
