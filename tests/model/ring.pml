/* The ring of belts: gate -> name -> lobby <-> room, and lobby, room -> name -> gate, all belts as full as can be.
 *
 * It follows server/arch/conveyor: behind a step stands the function of C it is, in stage.c (S) or belt.c (B). A client is the
 * number of chats it still wants to enter. Whether it goes on or stays at its desk for a while is the stage's choice. What is
 * left out: starting and stopping of room stages (stop.pml), words, time.
 *
 * Everybody makes VISITS visits and goes home, so every run comes to an end: a search that finds no cycle (-DNP) and no
 * deadlock, with everybody home when nothing moves any more, shows that rings of full belts can't lock.
 *
 * BLOCKING has stages wait until a belt has room: a deadlock must be found then. NO_ARM forgets to watch a full belt: somebody
 * must be found waiting for ever. */

#ifndef CLIENTS
#define CLIENTS 4
#endif
#ifndef VISITS
#define VISITS 1
#endif
#ifndef BELT
#define BELT 1
#endif

/* The stages, each with its belt: stage->in. */
#define GATE 0
#define NAME 1
#define LOBBY 2
#define ROOM 3
chan belt[4] = [BELT] of { byte };

/* On its way out a client is no number of chats any more. */
#define LEAVING 100
byte home;

/* Who stands at the desk of a stage; and the ways out, at most two a stage: struct outlet (B). */
chan desk[4] = [CLIENTS] of { byte };
chan first[4] = [CLIENTS] of { byte };
chan second[4] = [CLIENTS] of { byte };

#define PENDING(waiting, armed) (nempty(waiting) && !armed)
#define QUIET(waiting, armed) (empty(waiting) || armed)

/* outlet_flush (B) for one outlet: a write is a step, others move in between. */
inline put(waiting, armed, to)
{
    if
    :: nfull(belt[to]) -> waiting?c; belt[to]!c; c = 0
#ifndef BLOCKING
    :: full(belt[to]) ->
#ifndef NO_ARM
        armed = true
#else
        goto turn
#endif
#endif
    fi
}

/* A stage's thread. to_1 and to_2: where its outlets lead; the same when it has only one. */
proctype Stage(byte me; byte to_1; byte to_2)
{
    byte c;
    bool armed_1, armed_2;

turn: /* turn (S) */
end_turn:
    atomic {
        if
        :: nempty(belt[me]) -> /* take_belt (S), one at a time: events and arrivals take turns */
            belt[me]?c;
            if /* take of gate_stage.c, outlet of name_stage.c: nobody has to stay there */
            :: me == GATE -> home++ /* by way of bye: let_out */
            :: me == NAME && c != LEAVING -> first[me]!c
            :: me == NAME && c == LEAVING -> second[me]!c
            :: me == LOBBY || me == ROOM -> desk[me]!c
            fi
        :: nempty(desk[me]) -> /* somebody goes: outlet of lobby_stage.c, room_stage.c */
            desk[me]?c;
            if
            :: me == GATE -> first[me]!c
            :: me == LOBBY && c > 0 -> c--; first[me]!c
            :: me == LOBBY && c == 0 -> second[me]!LEAVING
            :: me == ROOM -> first[me]!c
            :: me == ROOM -> second[me]!LEAVING
            fi
        :: armed_1 && nfull(belt[to_1]) -> armed_1 = false /* disarm (S) */
        :: armed_2 && nfull(belt[to_2]) -> armed_2 = false
        :: me == GATE && timeout -> /* nothing moves any more */
            assert(home == CLIENTS);
            assert(empty(belt[0]) && empty(belt[1]) && empty(belt[2]) && empty(belt[3]));
            goto over
        fi;
        c = 0;
        if
        :: QUIET(first[me], armed_1) && QUIET(second[me], armed_2) -> goto turn
        :: PENDING(first[me], armed_1) || PENDING(second[me], armed_2)
        fi
    }
flush: /* flush_outlets (S) */
    atomic {
        if
        :: PENDING(first[me], armed_1) -> put(first[me], armed_1, to_1)
        :: QUIET(first[me], armed_1) && PENDING(second[me], armed_2) -> put(second[me], armed_2, to_2)
        fi;
        if
        :: QUIET(first[me], armed_1) && QUIET(second[me], armed_2) -> goto turn
        :: PENDING(first[me], armed_1) || PENDING(second[me], armed_2) -> goto flush
        fi
    }
over:
    skip
}

init
{
    byte n = CLIENTS;
    atomic {
        do
        :: n > 0 -> desk[GATE]!VISITS; n-- /* entrance_accept */
        :: n == 0 -> break
        od;
        /* wire (line.c) */
        run Stage(GATE, NAME, NAME);
        run Stage(NAME, LOBBY, GATE);
        run Stage(LOBBY, ROOM, NAME);
        run Stage(ROOM, LOBBY, NAME)
    }
}
