"""What keeps the gate alive: the clock, supervision, the watchdog and the log."""
