"""Commands from outside (R35, R41): who may have what done at this gate over MQTT, and how it is answered.

`envelope` is what travels and how it is signed, `judge` says whether it may be obeyed, `operations` is the
table of what can be commanded, `parts` gathers what is too long, `refusals` counts what is not obeyed,
`challenge` is what a command has to name, `desk` puts it to the core and answers, `keypair` makes keys.

To command a gate with any client: read `state/challenge` (retained); sign an envelope that names it; publish
it on `command`, not retained; its parts, if it has any, on `command/<id>`; hear what came of it on `reply`.
An answer that does not come is no refusal: sign the same id anew, and nothing is done twice.

    {"body":{"lane":"entry-1","reason":"ambulance"},"challenge":"9f…","expires":"2026-06-01T08:00:10.000+00:00",
     "gate":"east","id":"5d…","issued":"2026-06-01T08:00:00.000+00:00","key":"wang-2026","nonce":"0c…",
     "op":"open","role":"supervisor","sig":"…","site":"garden","v":1,"who":"王主管"}
    {"v":1,"gate":"east","id":"5d…","answer":"accepted","why":null,"detail":null,"final":false,"at":{…}}
    {"v":1,"gate":"east","id":"5d…","answer":"done","why":null,"detail":null,"final":true,"at":{…}}
"""
