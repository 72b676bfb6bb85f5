"""Device drivers: one file a device, each behind the small Protocol of its role.

The law of this room: drivers never import `daemon`; a vendor library is imported in `open()`, so that a
gate without that device never pays for it and a missing library is one device's fault, not the gate's.
"""
