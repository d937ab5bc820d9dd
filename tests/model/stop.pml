/* The room stages' stop: the lobby sends clients to room stages, starts them and ends them, and nobody is lost on the way.
 *
 * It follows server/arch/conveyor: behind a step stands the function of C it is, in lobby_stage.c (L), room_stage.c (R),
 * stage.c (S) or belt.c (B). What is left out: desks (a client just goes somewhere), the name and gate stages (Outside takes
 * whoever leaves), batches of more than one record in a write, and time (an empty room may end at any moment).
 *
 * Everything a client does is a choice of the stage it stands at, and it has VISITS of them, so that every run comes to an
 * end: a search that finds no cycle (-DNP) shows that all stages come to rest whatever happens, and `rest` is what must be
 * true then. Assertions show the rest, at every step of every run.
 *
 * NO_COUNT takes out the comparison of the arrivals ever taken with those ever sent: a belt is closed with somebody on the
 * way then. NO_REPEAT has a stage say only once that it is empty: it never ends then, if somebody was on the way. tests/model/run
 * asserts that the search finds both.
 */

#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef CHATS
#define CHATS 2
#endif
#ifndef THREADS
#define THREADS 1 /* --room-threads */
#endif
#ifndef SLOTS
#define SLOTS (2 * THREADS + 1) /* lobby_stage_open (L) */
#endif
#ifndef BELT
#define BELT 1 /* records a belt holds */
#endif
#ifndef VISITS
#define VISITS 2 /* how often a client may ask for a chat */
#endif
#ifndef FAILURES
#define FAILURES 1 /* how often a stage can't be started, or a room not be made, for want of memory */
#endif

#define NONE 255

mtype = { CLIENT, EMPTY, GONE };

/* Belts. */
chan lobby_belt = [BELT] of { mtype, byte, byte }; /* kind; the client or the slot; the arrivals a room has ever taken */
chan room_belt[SLOTS] = [BELT] of { byte };
chan outside_belt = [BELT] of { byte };

/* Where a client is, as far as its desk goes. */
#define RIDING 250 /* on a belt, or waiting for a place on one */
#define HOME 251
#define LOBBY 252
#define GOING 253 /* lobby: in stage->gone, or in lobby->waiting */
byte at[CLIENTS]; /* or the slot of the room stage it stands at */
byte visits[CLIENTS];
byte chat[CLIENTS]; /* session->next.chat */
byte failures = FAILURES;

/* What the lobby knows of its slots: struct room_slot (L). */
bool running[SLOTS]; /* slot->stage is there */
bool closed[SLOTS];
byte sent[SLOTS];
bool room_armed[SLOTS];
chan room_waiting[SLOTS] = [CLIENTS] of { byte }; /* slot->outlet.waiting */
byte stage_of[CHATS];                             /* chat->stage */

/* What lies between the lobby and a room stage's thread. */
bool begun[SLOTS];      /* stage_begin: the thread runs */
bool put_closed[SLOTS]; /* the writing end of its belt is closed */
bool returned[SLOTS];   /* the thread has returned */

/* The rooms' own: chat->room, as the slot of the stage that runs it. Two at a time would write over each other. */
byte room_of[CHATS];

/* A room stage's ways out. */
chan to_lobby[SLOTS] = [CLIENTS] of { byte };
chan to_outside[SLOTS] = [CLIENTS] of { byte };

#define nobody_at(where, with) (!(at[0] == (where) && (with(0))) && !(at[1] == (where) && (with(1))) THIRD_AT(where, with))
#if CLIENTS > 2
#define THIRD_AT(where, with) &&!(at[2] == (where) && (with(2)))
#else
#define THIRD_AT(where, with)
#endif
#define anybody(c) true
#define wants_0(c) chat[c] == 0
#define wants_1(c) chat[c] == 1

/* What must be true when nothing moves any more: everybody is home, no stage runs, and every slot is free. */
inline rest()
{
    d_step {
        i = 0;
        do
        :: i < CLIENTS -> assert(at[i] == HOME); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < SLOTS -> assert(!running[i] && empty(room_belt[i]) && empty(room_waiting[i])); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < CHATS -> assert(stage_of[i] == NONE && room_of[i] == NONE); i++
        :: else -> break
        od;
        assert(empty(lobby_belt) && empty(outside_belt));
        i = 0
    }
}

/* ----- The lobby's stage. ----- */

chan lobby_waiting = [CLIENTS] of { byte }; /* lobby->waiting */
chan lobby_gone = [CLIENTS] of { byte };    /* stage->gone */
byte open;                                  /* lobby->open */

/* close_belt (L). Nobody may be on the way: a client in the outlet would go to a closed belt, and one on the belt would come
 * to a stage that is ending. */
inline close_belt(slot)
{
    assert(running[slot] && !closed[slot]);
    i = 0;
    do
    :: i < CHATS ->
        if
        :: stage_of[i] == slot -> stage_of[i] = NONE
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    put_closed[slot] = true;
    closed[slot] = true;
    open--;
    assert(empty(room_waiting[slot]) && empty(room_belt[slot]) && !room_armed[slot])
}

/* slot_for (L), and the loop around it in `after` for one client. */
inline find_slot(c)
{
    s = stage_of[chat[c]];
    if
    :: s != NONE
    :: s == NONE ->
        i = 0;
        if
        :: open < THREADS -> /* open_slot (L) */
            do
            :: i < SLOTS && running[i] -> i++
            :: else -> break
            od;
            if
            :: i == SLOTS
            :: i < SLOTS && failures > 0 -> failures--; i = SLOTS /* no thread, descriptor or memory */
            :: i < SLOTS ->
                s = i;
                assert(empty(room_belt[s]) && empty(room_waiting[s]) && !room_armed[s]);
                running[s] = true;
                closed[s] = false;
                put_closed[s] = false;
                sent[s] = 0;
                begun[s] = true;
                open++
            fi
        :: else
        fi;
        if
        :: s == NONE -> /* fewest_people (L): which has the fewest is anybody's guess here */
            i = 0;
            do
            :: i < SLOTS && running[i] && !closed[i] -> s = i; break
            :: i < SLOTS -> i++
            :: i == SLOTS -> break
            od
        :: else
        fi;
        i = 0;
        if
        :: s != NONE -> stage_of[chat[c]] = s
        :: else
        fi
    fi
}

#define ENDING(s) (running[s] && closed[s])
#if SLOTS == 1
#define SOME_ENDING ENDING(0)
#elif SLOTS == 2
#define SOME_ENDING (ENDING(0) || ENDING(1))
#elif SLOTS == 3
#define SOME_ENDING (ENDING(0) || ENDING(1) || ENDING(2))
#else
#define SOME_ENDING (ENDING(0) || ENDING(1) || ENDING(2) || ENDING(3) || ENDING(4))
#endif

/* The next outlet to flush: one with clients, and not waiting for its belt to have room. */
inline next_outlet()
{
    do
    :: s < SLOTS && (room_armed[s] || empty(room_waiting[s])) -> s++
    :: s < SLOTS && !room_armed[s] && nempty(room_waiting[s]) -> break
    :: s == SLOTS -> break
    od
}

#define ASKS(c) (at[c] == LOBBY)
#define ROOM_AGAIN(s) (room_armed[s] && nfull(room_belt[s]))

active proctype Lobby()
{
    byte c, s, n, i;
    mtype kind;
    bool handled; /* an event of this turn */

    d_step {
        do
        :: i < CLIENTS -> at[i] = LOBBY; visits[i] = VISITS; i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < CHATS -> stage_of[i] = NONE; room_of[i] = NONE; i++
        :: else -> break
        od;
        i = 0
    }

    /* turn (S): one event or several, then after, then carry_on. What only this thread sees is one step with what the others
     * see, since nothing could come in between. */
turn:
    atomic {
        if
        :: handled -> goto after
        :: nempty(lobby_belt) -> goto take
        :: ASKS(0) -> c = 0; goto ask
        :: ASKS(1) -> c = 1; goto ask
#if CLIENTS > 2
        :: ASKS(2) -> c = 2; goto ask
#endif
        :: ROOM_AGAIN(0) -> room_armed[0] = false /* disarm (S) */
#if SLOTS > 1
        :: ROOM_AGAIN(1) -> room_armed[1] = false
#endif
#if SLOTS > 2
        :: ROOM_AGAIN(2) -> room_armed[2] = false
#endif
#if SLOTS > 3
        :: ROOM_AGAIN(3) -> room_armed[3] = false
        :: ROOM_AGAIN(4) -> room_armed[4] = false
#endif
        :: timeout -> /* nothing moves anywhere */
            rest();
            goto over
        fi;
        goto done;

    take: /* take_belt (S) */
        lobby_belt?kind, s, n;
        if
        :: kind == CLIENT -> at[s] = LOBBY /* take (L) */
        :: kind == EMPTY -> /* word (L) */
            if
#ifdef NO_COUNT
            :: !closed[s] -> close_belt(s)
#else
            :: n == sent[s] && !closed[s] -> close_belt(s)
#endif
            :: else
            fi
        :: kind == GONE -> /* join (L): waits for the thread; nobody may be left with it (stage_collect) */
            returned[s] -> assert(closed[s] && nobody_at(s, anybody));
            assert(empty(room_belt[s]) && empty(to_lobby[s]) && empty(to_outside[s]));
            returned[s] = false;
            running[s] = false
        fi;
        goto done;

    ask: /* a client asks for a chat, or leaves for good */
        if
        :: visits[c] > 0 -> visits[c]--; chat[c] = 0; at[c] = GOING; lobby_gone!c
#if CHATS > 1
        :: visits[c] > 0 -> visits[c]--; chat[c] = 1; at[c] = GOING; lobby_gone!c
#endif
        :: visits[c] == 0 -> at[c] = HOME /* by way of the name stage */
        fi;

    done:
        handled = true;
        c = 0; s = 0; n = 0
    }
    goto turn;

after: /* after (L), carry_on (S) */
    atomic {
        handled = false;
        do /* those who wait come behind those who go now */
        :: nempty(lobby_waiting) -> lobby_waiting?c; lobby_gone!c
        :: empty(lobby_waiting) -> break
        od;
        n = len(lobby_gone);
        do
        :: n > 0 ->
            n--;
            lobby_gone?c;
            find_slot(c);
            if
            :: s != NONE -> sent[s]++; at[c] = RIDING; room_waiting[s]!c
            :: s == NONE && SOME_ENDING -> lobby_waiting!c /* no_stage (L) */
            :: s == NONE && !SOME_ENDING -> at[c] = LOBBY /* rooms_refuse */
            fi
        :: n == 0 -> break
        od;
        c = 0; s = 0;
        next_outlet()
    }

    /* flush_outlets (S), outlet_flush (B): a write is a step, the others move in between. */
    do
    :: atomic { s < SLOTS && nfull(room_belt[s]) ->
            assert(running[s] && !put_closed[s]); /* a write to a belt that is closed would abort */
            room_waiting[s]?c;
            room_belt[s]!c;
            c = 0;
            next_outlet()
        }
    :: atomic { s < SLOTS && full(room_belt[s]) -> room_armed[s] = true; next_outlet() }
    :: s == SLOTS -> break
    od;
    s = 0;
    goto turn;
over:
    skip
}

/* ----- A room stage's thread, started again and again by the lobby. ----- */

#define MEMBER(c) (at[c] == me)
#define IDLE (empty(to_lobby[me]) && word == 0 && empty(to_outside[me]))
#define BUSY (nempty(to_lobby[me]) || word != 0 || nempty(to_outside[me]))

/* rooms_find, and take (R). */
inline take_client(c)
{
    taken++;
#ifndef NO_REPEAT
    said_empty = false;
#else
    said_empty = said_empty && taken > 1;
#endif
    assert(at[c] == RIDING);
    if
    :: room_of[chat[c]] == me -> at[c] = me
    :: else ->
        assert(room_of[chat[c]] == NONE); /* another stage's room for this chat would be open still */
        if
        :: room_of[chat[c]] = me; at[c] = me
        :: failures > 0 -> failures--; to_lobby[me]!c /* no room could be made: rooms_refuse */
        fi
    fi
}

proctype Room(byte me)
{
    byte c, taken;
    mtype word = 0; /* outlet.word, with `taken` as it is when it goes: it only changes with a new word */
    byte said;      /* the arrivals the word tells */
    bool said_empty, over, lobby_armed, outside_armed, last;

end_free:
    atomic {
        begun[me] -> begun[me] = false; /* room_stage_new (R): everything is made anew */
        taken = 0;
        said_empty = true;
        over = false;
        last = false;
        assert(!lobby_armed && !outside_armed && word == 0)
    }

    /* run, turn (S): an event and what `after` makes of it. */
turn:
    atomic {
        if
        :: over && IDLE && !last -> /* last (R) */
            last = true;
            word = GONE;
            said = taken;
            goto flush
        :: over && IDLE && last -> goto out
        :: (!over || BUSY) && nempty(room_belt[me]) -> room_belt[me]?c; take_client(c)
        :: !over && put_closed[me] && empty(room_belt[me]) -> over = true /* take_belt (S): the belt's end */
        :: MEMBER(0) -> c = 0; goto leave
        :: MEMBER(1) -> c = 1; goto leave
#if CLIENTS > 2
        :: MEMBER(2) -> c = 2; goto leave
#endif
        :: room_of[0] == me && nobody_at(me, wants_0) -> room_of[0] = NONE /* rooms_tend: it was empty long enough */
#if CHATS > 1
        :: room_of[1] == me && nobody_at(me, wants_1) -> room_of[1] = NONE
#endif
        :: lobby_armed && nfull(lobby_belt) -> lobby_armed = false
        :: outside_armed && nfull(outside_belt) -> outside_armed = false
        fi;
        goto after;

    leave:
        at[c] = RIDING;
        if
        :: to_lobby[me]!c
        :: visits[c] = 0; to_outside[me]!c
        fi;

    after: /* after (R). A word that has not gone is replaced: outlet_say (B) */
        if
        :: room_of[0] != me && room_of[CHATS - 1] != me && !said_empty ->
            said_empty = true;
            word = EMPTY;
            said = taken
        :: else
        fi;
        c = 0
    }

flush: /* flush_outlets (S), outlet_flush (B): first the clients, then the word */
    do
    :: atomic { !lobby_armed && nempty(to_lobby[me]) && nfull(lobby_belt) -> to_lobby[me]?c; lobby_belt!CLIENT, c, 0; c = 0 }
    :: atomic { !lobby_armed && empty(to_lobby[me]) && word != 0 && nfull(lobby_belt) ->
            lobby_belt!word, me, said;
            word = 0
        }
    :: atomic { !lobby_armed && (nempty(to_lobby[me]) || word != 0) && full(lobby_belt) -> lobby_armed = true }
    :: atomic { !outside_armed && nempty(to_outside[me]) && nfull(outside_belt) -> to_outside[me]?c; outside_belt!c; c = 0 }
    :: atomic { !outside_armed && nempty(to_outside[me]) && full(outside_belt) -> outside_armed = true }
    :: atomic { (lobby_armed || (empty(to_lobby[me]) && word == 0)) && (outside_armed || empty(to_outside[me])) -> goto turn }
    od;

out:
    atomic {
        returned[me] = true;
        taken = 0;
        said = 0;
        said_empty = false;
        over = false;
        last = false
    }
    goto end_free
}

/* The name and gate stages: whoever gets there is on the way home. */
active proctype Outside()
{
    byte c;
end_waiting:
    do
    :: atomic { outside_belt?c -> assert(at[c] == RIDING); at[c] = HOME; c = 0 }
    od
}

init
{
    byte i;
    atomic {
        do
        :: i < SLOTS -> run Room(i); i++
        :: else -> break
        od
    }
}
