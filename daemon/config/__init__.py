"""config.yaml: what it may say, and everything that is wrong with it at once.

`load` is the one way in: `document` reads strict YAML with a line for every value, `explain` puts pydantic's
errors into words, `devices`, `pins`, `lanes` and `permits` check what no single key can say.
"""

from daemon.config.load import load
from daemon.config.model import Config
from daemon.config.problems import ConfigProblems, Problem

__all__ = ["Config", "ConfigProblems", "Problem", "load"]
