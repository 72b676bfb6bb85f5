"""gatepost: the daemon of one gate. (The plan of the house is written at the end of the first build.)"""

__version__ = "0.1.0"
