"""Receipt printers: lines of text in, paper out, and the truth about what came out of it.

The law of this room: a paper counts as printed when the printer itself has said so after the last byte of it.
"""
