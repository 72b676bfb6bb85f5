"""The property office: takes every fact of a site's gates, keeps it, and only then says so.

`office` is the conversation over MQTT, `books` what is held of every gate, in a `database` by the `tables`;
`ledgers` says which ledger a fact belongs to and `chain` whether it fits; `alerts` is the table of what is
alarmed. `reading` is for whoever asks, `forgetting` for when time is over. `sending` signs commands and hears
what became of them, `errands` brings lists to the gates. `shelf` takes in what an office kept before; `lines`
is what a person sees, `service` the process. This room alone knows SQLAlchemy.
"""
