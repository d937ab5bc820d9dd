/* Teeth: repairs that can be taken out, one at a time, to show that a test bites.
 *
 * A build for use has them all. `make teeth` builds the server with -DWITHOUT_X for each X of tests/teeth/list and runs the
 * tests that must fail then. The numbers are those of README.md's "What always holds". */
#ifndef SERVER_TEETH_H
#define SERVER_TEETH_H

/* ---- The line: how clients and words ride from stage to stage ---- */

/* A room stage is told to stop only when all whom it was sent have come: nobody is lost (5, 9). */
#ifndef WITHOUT_ARRIVAL_COUNT
#define WITHOUT_ARRIVAL_COUNT 0
#endif

/* A room stage says that it is empty each time it becomes so: its thread ends (9). */
#ifndef WITHOUT_SAYING_EMPTY_AGAIN
#define WITHOUT_SAYING_EMPTY_AGAIN 0
#endif

/* Who goes goes at the end of a turn: no event of a batch names one who is gone (1). */
#ifndef WITHOUT_DEFERRED_HANDOVER
#define WITHOUT_DEFERRED_HANDOVER 0
#endif

/* Who goes leaves the stage's epoll set first: no event comes where it is no more (1). */
#ifndef WITHOUT_LEAVING_THE_SET
#define WITHOUT_LEAVING_THE_SET 0
#endif

/* Who finds no room stage waits for one that is ending (5, 8). */
#ifndef WITHOUT_PARKING
#define WITHOUT_PARKING 0
#endif

/* And is in no epoll set meanwhile (1). */
#ifndef WITHOUT_FORGETTING_WHO_WAITS
#define WITHOUT_FORGETTING_WHO_WAITS 0
#endif

/* Nobody waits in a write to a belt (2). */
#ifndef WITHOUT_BELTS_THAT_REFUSE
#define WITHOUT_BELTS_THAT_REFUSE 0
#endif

/* A full belt is watched for room (9). */
#ifndef WITHOUT_WATCHING_FULL_BELTS
#define WITHOUT_WATCHING_FULL_BELTS 0
#endif

/* Who waits for room on a belt keeps its place there (5). */
#ifndef WITHOUT_ORDER_ON_FULL_BELTS
#define WITHOUT_ORDER_ON_FULL_BELTS 0
#endif

/* ---- The pool: strands and claims ---- */

/* A strand's tasks are run in the order in which they were posted (8). */
#ifndef WITHOUT_STRAND_ORDER
#define WITHOUT_STRAND_ORDER 0
#endif

/* A strand rests only when there is nothing to do (9). */
#ifndef WITHOUT_LOOKING_BEFORE_REST
#define WITHOUT_LOOKING_BEFORE_REST 0
#endif

/* An event of an earlier arming fires nothing (1). */
#ifndef WITHOUT_ARMING_COUNT
#define WITHOUT_ARMING_COUNT 0
#endif

/* Who goes is taken back from the readiness queue first (1). */
#ifndef WITHOUT_WITHDRAWING
#define WITHOUT_WITHDRAWING 0
#endif

/* Whose event is on the way goes when that has come (1). */
#ifndef WITHOUT_AWAITING_READY
#define WITHOUT_AWAITING_READY 0
#endif

/* ---- The turn: who is served, and when ---- */

/* What an arrival has brought along is served, though no event tells of it (5). */
#ifndef WITHOUT_SERVING_ARRIVALS
#define WITHOUT_SERVING_ARRIVALS 0
#endif

/* So is what stays unserved for any other reason (5). */
#ifndef WITHOUT_AGAIN
#define WITHOUT_AGAIN 0
#endif

/* One client's many requests do not hold up the others (5). */
#ifndef WITHOUT_SERVE_MAX
#define WITHOUT_SERVE_MAX 0
#endif

/* Who has not read its answers is not served (4). */
#ifndef WITHOUT_WAITING_FOR_ANSWERS
#define WITHOUT_WAITING_FOR_ANSWERS 0
#endif

/* The end of the input is no hang-up: what is due is sent first (5). */
#ifndef WITHOUT_SERVING_TO_THE_END
#define WITHOUT_SERVING_TO_THE_END 0
#endif

/* Who has gone short when the turn's budget was spent has another turn (5, 9). */
#ifndef WITHOUT_HUNGRY
#define WITHOUT_HUNGRY 0
#endif

/* And comes first in it (5). */
#ifndef WITHOUT_HUNGRY_FIRST
#define WITHOUT_HUNGRY_FIRST 0
#endif

/* But behind those who have had nothing at all (5). */
#ifndef WITHOUT_FED_BEHIND
#define WITHOUT_FED_BEHIND 0
#endif

/* Half a frame has limited time (5). */
#ifndef WITHOUT_FRAME_TIMER
#define WITHOUT_FRAME_TIMER 0
#endif

/* ---- The desks ---- */

/* The gate keeps a descriptor to tell those whom it has none for (5). */
#ifndef WITHOUT_SPARE
#define WITHOUT_SPARE 0
#endif

/* Only so many refused ones are given time (4). */
#ifndef WITHOUT_REFUSED_MAX
#define WITHOUT_REFUSED_MAX 0
#endif

/* A name is free before its client is told goodbye (6). */
#ifndef WITHOUT_NAME_BEFORE_BYE
#define WITHOUT_NAME_BEFORE_BYE 0
#endif

/* So is the name of one who has vanished (6). */
#ifndef WITHOUT_RELEASING_THE_VANISHED
#define WITHOUT_RELEASING_THE_VANISHED 0
#endif

/* The answer to one's own request is never merged with a list that is under way (8). */
#ifndef WITHOUT_OWN_LISTS
#define WITHOUT_OWN_LISTS 0
#endif

/* What is still said is read until the client closes: no reset takes the last answers away (5). */
#ifndef WITHOUT_WAITING_FOR_THE_CLOSE
#define WITHOUT_WAITING_FOR_THE_CLOSE 0
#endif

/* ---- The room: what is stored, what is shown, and in which order ---- */

/* What is shown is in the file (3). */
#ifndef WITHOUT_APPEND_BEFORE_SHOW
#define WITHOUT_APPEND_BEFORE_SHOW 0
#endif

/* What could not be stored whole is taken back (3). */
#ifndef WITHOUT_CUT_BACK
#define WITHOUT_CUT_BACK 0
#endif

/* And nothing is stored before that was possible (3). */
#ifndef WITHOUT_CUTTING_LATER
#define WITHOUT_CUTTING_LATER 0
#endif

/* Nothing of it is shown later on (3). */
#ifndef WITHOUT_TAIL_CUT
#define WITHOUT_TAIL_CUT 0
#endif

/* A turn gathers so many bytes at most (2, 4). */
#ifndef WITHOUT_GATHER_MAX
#define WITHOUT_GATHER_MAX 0
#endif

/* An answer comes behind the records that were there before it (8). */
#ifndef WITHOUT_OUT_AFTER
#define WITHOUT_OUT_AFTER 0
#endif

/* What follows a message waits until it is stored (8). */
#ifndef WITHOUT_LATER
#define WITHOUT_LATER 0
#endif

/* So does the refusal of a message (8). */
#ifndef WITHOUT_LATER_REFUSALS
#define WITHOUT_LATER_REFUSALS 0
#endif

/* Who leaves gets what was there at that moment, and goes (3, 5). */
#ifndef WITHOUT_STOP_AT_LEAVING
#define WITHOUT_STOP_AT_LEAVING 0
#endif

/* A client continues where a record begins (3). */
#ifndef WITHOUT_RECORD_EDGES
#define WITHOUT_RECORD_EDGES 0
#endif

/* After a failed sync nothing more is taken (3). */
#ifndef WITHOUT_READ_ONLY
#define WITHOUT_READ_ONLY 0
#endif

/* What is shown with --sync always is on the disk (3). */
#ifndef WITHOUT_SYNC_BEFORE_SHOW
#define WITHOUT_SYNC_BEFORE_SHOW 0
#endif

/* A chat in use is synced again and again. */
#ifndef WITHOUT_SYNC_AGAIN
#define WITHOUT_SYNC_AGAIN 0
#endif

/* And once more when its room ends. */
#ifndef WITHOUT_SYNC_AT_THE_END
#define WITHOUT_SYNC_AT_THE_END 0
#endif

/* Which is remembered for as long as the server runs (3). */
#ifndef WITHOUT_SYNC_MARK
#define WITHOUT_SYNC_MARK 0
#endif

/* Who says more than it may is told so (4). */
#ifndef WITHOUT_RATE_LIMIT
#define WITHOUT_RATE_LIMIT 0
#endif

/* Who does not read is sent no more private messages (4). */
#ifndef WITHOUT_PRIVATE_MAX
#define WITHOUT_PRIVATE_MAX 0
#endif

/* ---- Feeding: how records reach those who are behind ---- */

/* A frame that is half sent goes on where it stopped (3). */
#ifndef WITHOUT_SKIP
#define WITHOUT_SKIP 0
#endif

/* A reader gets more in a turn than the writers can add: it arrives (5). */
#ifndef WITHOUT_DOUBLE_FEED
#define WITHOUT_DOUBLE_FEED 0
#endif

/* And not more than its share: the others get theirs (5). */
#ifndef WITHOUT_FEED_MAX
#define WITHOUT_FEED_MAX 0
#endif

/* Who changes places with one that falls behind has been served (3). */
#ifndef WITHOUT_FRONT_BACKWARDS
#define WITHOUT_FRONT_BACKWARDS 0
#endif

/* So much is kept for those who are behind (4). */
#ifndef WITHOUT_TAIL_MAX
#define WITHOUT_TAIL_MAX 0
#endif

/* ---- The folder and its files ---- */

/* One server a folder (3). */
#ifndef WITHOUT_FLOCK
#define WITHOUT_FLOCK 0
#endif

/* No link leads out of it (7). */
#ifndef WITHOUT_NOFOLLOW
#define WITHOUT_NOFOLLOW 0
#endif

/* A file is one chat, whatever names it has (3). */
#ifndef WITHOUT_ONE_NAME_A_FILE
#define WITHOUT_ONE_NAME_A_FILE 0
#endif

/* A last record without an end gets one: the next does not run into it (3). */
#ifndef WITHOUT_LAST_CR
#define WITHOUT_LAST_CR 0
#endif

/* A torn end is cut off at the start (3). */
#ifndef WITHOUT_CUTTING_TORN
#define WITHOUT_CUTTING_TORN 0
#endif

/* And kept beside the file (3). */
#ifndef WITHOUT_KEEPING_TORN
#define WITHOUT_KEEPING_TORN 0
#endif

/* Nobody reads beyond what is committed (3). */
#ifndef WITHOUT_COMMITTED_END
#define WITHOUT_COMMITTED_END 0
#endif

/* ---- Input ---- */

/* A frame costs what has come of it, not what it claims to be (4). */
#ifndef WITHOUT_GROWING_SLOWLY
#define WITHOUT_GROWING_SLOWLY 0
#endif

/* A frame that claims more than a message may have breaks the stream (4). */
#ifndef WITHOUT_LENGTH_LIMIT
#define WITHOUT_LENGTH_LIMIT 0
#endif

/* No text has what would forge a record (3). */
#ifndef WITHOUT_TEXT_RULES
#define WITHOUT_TEXT_RULES 0
#endif

/* No name has what would lead out of the folder (7). */
#ifndef WITHOUT_NAME_RULES
#define WITHOUT_NAME_RULES 0
#endif

#endif
