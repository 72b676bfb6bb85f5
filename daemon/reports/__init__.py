"""What the gate did, added up from its ledger (R40): one small file for each report.

The law of this room: pure functions over (number, fact) in the order of the ledger. No report has a count of
its own that the ledger does not have: whoever adds up the facts comes to the same figures.
"""
