"""The simulated site: lanes that behave like real ones, so that the whole gate runs on a laptop.

The law of this room: what is simulated is the world (boom, loops, cars, what a camera sees), never the gate.
The drivers that look at this world ship with the product and pass the same contract tests as real ones.
"""
