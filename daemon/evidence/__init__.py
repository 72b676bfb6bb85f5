"""Pictures of what happened: where they lie and how long they stay.

The law of this room: a picture is named by its path below the evidence folder, `YYYY/MM/DD/<name>.jpg`; the
vision process writes them, the panel shows them, and `retention` is the only one that deletes.
"""
