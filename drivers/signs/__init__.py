"""Signs at a lane: what is written and said there.

The law of this room: a sign is told what holds now, and told it again when it may have forgotten; it decides
nothing, and nothing waits for it.
"""
