"""The whole gate in made-up worlds: the real code, virtual time, seeded trouble.

The law of this room: the product's own engine, core, store, edges and publisher run here unchanged; what is
made up is everything around them. The same seed is the same world to the last bit. Nothing in this room is
used by a gate that works.

    vfs, disk            a disk whose power can be cut, under the product's own SQL
"""
