"""gatepost (门岗): the daemon of one vehicle gate.

One Raspberry Pi a gate. A car comes; a card is swiped, a plate is read; the gate decides on its own, writes
down what it holds to be so, raises the boom, and tells the office. This page is the plan of the house.

    card frames  ─┐                                     ┌─> perform: relays
    plate reads  ─┤                                     ├─> evolve(state, fact) ─> state
    loops, limits ┼─> signals ─> decide ─> facts ─> store ─> panel (live)
    guard, office ┤              (pure)             │   └─> publisher ─> MQTT ─> the office acknowledges
    time, gates   ─┘                                ONE transaction: ledger + tables

A **signal** is what came in, with the instant it was noticed. A **fact** is what the gate holds to be so from
now on. `core.decide` turns one signal into facts, reading no clock and doing no I/O; `core.evolve` is the
only thing that changes state, live and on replay alike. The **ledger** is the list of facts, each sealed to
the one before: it is the audit, the source of every table, and the outbox. Facts are durable before anything
moves because of them; physical orders are never replayed after a crash.

Which room is mine? The first yes wins.

    names a pin, port, baud rate, address or vendor?   drivers/   (never imports this package)
    bytes <-> value, without waiting?                  drivers/readers/framing, drivers/printers/commands,
                                                       drivers/signs/frames, mqtt/messages, store/codec
    could the guard state it as a rule of the house?   core/      (pure; the standard library's values only)
    device value -> signal?                            edges/
    order -> device call?                              perform
    SQL?                                               store/
    pictures, how long they stay?                      evidence/
    plates out of pictures, in a process of its own?   vision/
    MQTT?                                              mqtt/
    the property office's own machine?                 office/
    HTML?                                              panel/
    waits, retries, times out, reads the clock?        runtime/
    config.yaml?                                       config/
    the office's lists, CSV and XLSX?                  imports/
    what the facts add up to, for people?              reports/
    a story in plain words?                            scenario/
    a made-up world to prove the whole gate in?        worlds/

`wiring` makes the objects, `app` runs them, `cli` is what a person types, `control` the private socket over
which `gatepost ask` reaches the running gate. `housekeeping` is what is done beside it now and then,
`reporting` has reports added up by a process of its own. `engine`
is the one loop between inbox and devices; `gate` is what the panel sees of it; `simulation` and `summary` are
the demonstration and its figures. The layers are a contract that `scripts/check` enforces
(`[tool.importlinter]`, pyproject.toml).

What must never break:

1. No order to lower while the safety loop is occupied, unknown or faulty; a loop that becomes occupied while
   the boom comes down raises it again. Nothing closes because of a start, nor while a lane is held open, nor
   in a fire. The barrier's own controller stays the safety device.
2. No order to raise without its durable fact. A fire alone acts first.
3. At most one open stay a plate and a permit.
4. Every fact reaches the office, in order, once after dedupe by (gate, seq). A broker's acknowledgement is
   not delivery: the office acknowledges the highest contiguous number.
5. A decision waits for no network, broker or camera.
6. Whatever is down, the guard's button works; a lane that a leader has locked is the one exception.
"""

__version__ = "0.1.0"
