"""The whole gate in made-up worlds: the real code, virtual time, seeded trouble.

The law of this room: the product's own engine, core, store, edges and publisher run here unchanged; what is
made up is everything around them. The same seed is the same world to the last bit. Nothing in this room is
used by a gate that works.

    outside              time, and whatever happens in it while a process stalls or there is none
    virtual_loop         asyncio over that time
    vfs, disk            a disk whose power can be cut, under the product's own SQL
    site, devices        boom, loops and switches as metal; the drivers over them
    premises, tariffs    what config.yaml says of the site: lanes, permits, prices
    persons              who works there, by name and rank
    scene                what all people have: the time, and a panel to look at and to ask at
    people, town         drivers, and who comes to which lane
    guardhouse           the guards at their panel
    cashdesk             drivers who pay, and the office's own book of it
    post, leader         who is on duty, the drawer and the rounds; what a shift leader does at the lanes
    fires                the wire of the fire panel, and what a fire asks for
    office               the office's end of the network, and the broker between
    gate                 one run of the product's own parts
    troubles, faults     what goes wrong, as a plan, and doing it
    laws                 what must never be seen at a lane, the moment it happens
    reader, truth        the ledger read by other code, and when its rows were in truth
    audit, audit_*       what must hold of it after each death: who passes, money, rank, the post
    fees                 what a stay costs, reckoned by another way
    inquest              all that is found after a death
    plants, planting, bugs_of_*   bugs on purpose: each has to be found
    world, simulate, telling      one world; many; what is said of them
    neighbours           five gates of one site, cut off and dying, under one clock
    bugs_between_gates   bugs on purpose that one gate alone never meets
"""
