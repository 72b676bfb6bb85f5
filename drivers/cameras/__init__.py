"""Cameras: where pictures come from, each behind `protocols.Camera`.

The law of this room: a picture is fresh or it is not handed over. A camera that is late, frozen, silent or
refuses the login raises, in words that tell these apart; no password ever gets into such words.
"""
