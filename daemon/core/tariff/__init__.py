"""What a stay costs (R16): tariffs as data, and one function that bills them line by line.

`book` is the data, `days` lays its bands on the time line, `meter` sells blocks of time, `quote` holds them
under the caps and says what is due, `stay` is what it is made from. `words` and `notice` say it to people,
`replay` bills old stays anew. Files of tariffs are read by `daemon.config.tariffs`.
"""

from daemon.core.tariff.book import Book, Version
from daemon.core.tariff.notice import Notice, explain_text, notice, notice_text
from daemon.core.tariff.quote import Flag, Kind, Line, Quote, quote
from daemon.core.tariff.replay import PastStay, Replay, replay, replay_text
from daemon.core.tariff.stay import Parked, parked_between
from daemon.core.tariff.words import quote_text

__all__ = [
    "Book",
    "Flag",
    "Kind",
    "Line",
    "Notice",
    "Parked",
    "PastStay",
    "Quote",
    "Replay",
    "Version",
    "explain_text",
    "notice",
    "notice_text",
    "parked_between",
    "quote",
    "quote_text",
    "replay",
    "replay_text",
]
