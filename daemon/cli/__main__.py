"""`python -m daemon.cli`: the `gatepost` command where it is not installed."""

import sys

from daemon.cli import main

sys.exit(main())
