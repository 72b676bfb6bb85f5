"""The guards' web panel: what stands at the gate, and the buttons.

The law of this room: the panel holds no state of the gate and decides nothing. A page is a function of
`GateView` at one moment, a button is a `GuardAsked` signal, and the answer shown is the facts that came of
it.

    gate     what the panel asks of the gate (the only way in)
    words    what people read, Chinese first        views    state to plain values for the templates
    auth     passwords, sessions, throttling        checks   who may ask for what: every request passes here
    pages    views and templates to HTML            routes   the table of routes, and the handlers of pages
    asks     buttons to signals, once each          live     the stream that keeps open pages right
    once     a double click is one click            streams  how many of those there may be
    telling  times, durations, cards, plates        server   the application, and the port
"""
