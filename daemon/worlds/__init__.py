"""The whole gate in made-up worlds: the real code, virtual time, seeded trouble.

The law of this room: the product's own engine, core, store, edges and publisher run here unchanged; what is
made up is everything around them. The same seed is the same world to the last bit. Nothing in this room is
used by a gate that works.

    outside              time, and whatever happens in it while a process stalls or there is none
    virtual_loop         asyncio over that time
    vfs, disk            a disk whose power can be cut, under the product's own SQL
    site, devices        boom, loops and switches as metal; the drivers over them
    people, town         drivers, guards and the list of permits
    office               the office and the broker between
    gate                 one run of the product's own parts
    troubles, faults     what goes wrong, as a plan, and doing it
    laws                 what must never be seen at a lane, the moment it happens
    reader, audit, inquest   what must hold of the ledger after each death, read by other code
    plants, planting, bugs_of_*   bugs on purpose: each has to be found
    world, simulate, telling      one world; many; what is said of them
"""
