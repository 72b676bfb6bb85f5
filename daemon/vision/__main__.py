"""`python -m daemon.vision`: the child process. Started by `daemon.vision.parent`, never by hand."""

from __future__ import annotations

from daemon.vision.child import main

if __name__ == "__main__":
    main()
