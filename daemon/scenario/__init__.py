"""Stories of the gate in plain words, for whoever wants to see what a rule does (`gatepost scenario`).

The law of this room: the engine, the store and the rules are the ones that run a gate; only what is outside,
cars, booms, loops and the time, is played.
"""

from daemon.scenario.runner import Broken as Broken
from daemon.scenario.runner import play as play
from daemon.scenario.words import NotUnderstood as NotUnderstood
from daemon.scenario.words import Step as Step
