"""The office's lists from the files that offices keep (R41): CSV in UTF-8 or GBK, XLSX.

The law of this room: a file is read and checked whole, nothing is sent anywhere, and every bad row is named
with its file, row, column, value and what is allowed.
"""

from daemon.imports.lists import LISTS as LISTS
from daemon.imports.lists import Checked as Checked
from daemon.imports.lists import check as check
from daemon.imports.sheets import Unreadable as Unreadable
from daemon.imports.sheets import read as read
