"""The wire to the property office: loses nothing, obeys no stranger.

`messages` says what travels and under which topic, `inbound` judges what the office says, `publisher` is the
cursor over the ledger, and `link` is the one place that knows the MQTT library. A fact counts as delivered
when the office has acknowledged its number; what the broker acknowledges proves nothing (Mosquitto said yes
to 5,000 facts and kept 1,000 of them for an office that was away).
"""
