"""Commands from outside (R35, R41): who may have what done at this gate over MQTT, and how it is answered.

`envelope` is what travels and how it is signed, `judge` says whether it may be obeyed, `operations` is the
table of what can be commanded, `keypair` makes keys.
"""
