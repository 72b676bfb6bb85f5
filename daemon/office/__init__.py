"""A small property office: takes every fact of a site's gates, keeps it, and only then says so.

For trying a gate out and for its tests. `shelf` is what it holds of one gate, on disk; `office` is the
conversation over MQTT; `lines` is what a person sees.
"""
