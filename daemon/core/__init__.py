"""The rules of the house, pure: values in, values out.

The law of this room: no clock, no I/O, no logging, no awaiting, no randomness, and nothing imported but the
standard library's value types. `decide` says what follows from a signal, `evolve` is the only thing that
changes state, live and on replay alike.
"""
