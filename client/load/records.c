/* Records: whether they are those that everybody else was sent, and how long they took.
 *
 * A record that stands in the ledger where its reader stands is right, and costs a fingerprint, a comparison and two
 * counts; that is nearly every one. Another one is either new to the ledger, or evidence. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/load/bot.h"
#include "client/load/events.h"
#include "client/load/fingerprint.h"
#include "client/load/violation.h"
#include "common/clock.h"

enum {
    LEAD_FIXED = STAMP_LENGTH + 2 /* of author TAB stamp NL */
};

/* The text of a record; false when it is none. */
static bool find_text(struct span record, struct span *text)
{
    const char *tab = record.n ? memchr(record.at, '\t', record.n) : NULL;
    size_t author = tab ? (size_t)(tab - record.at) : 0;
    if (!author || record.n < author + LEAD_FIXED || record.at[author + LEAD_FIXED - 1] != '\n')
        return false;
    *text = (struct span){record.at + author + LEAD_FIXED, record.n - author - LEAD_FIXED};
    return true;
}

/* False when it was not said in this run. */
static bool find_mark(const struct worker *worker, struct span record, struct mark *mark)
{
    struct span text;
    return find_text(record, &text) && text.n >= MARK_BYTES && mark_get(text.at, &worker->load->key, mark) &&
           mark->voice > 0 && mark->voice < atomic_load_explicit(&worker->load->voices, memory_order_relaxed);
}

/* A server that lies all the time is not to stall whom it lies to. */
static bool lies_all_the_time(void)
{
    return violation_sum() >= 1000;
}

static uint64_t reach(void)
{
    return lies_all_the_time() ? 16 : LEDGER_REACH;
}

/* ---- Evidence ---- */

static const char *told(struct bot *bot, struct span record, char to[VIOLATION_TEXT])
{
    char text[SHOWN_BYTES];
    snprintf(to, VIOLATION_TEXT, "%s in %.*s, which expected record %" PRIu64 ", was sent \"%.120s\"", bot->name,
             (int)bot->chat->name_bytes, bot->chat->name, bot->at + 1, shown(text, record.at, record.n));
    return to;
}

/* The ledger has it at another place: the reader goes on behind it. */
static void misplaced(struct bot *bot, struct span record, uint64_t place)
{
    char text[VIOLATION_TEXT];
    told(bot, record, text);
    if (place > bot->at) {
        violation_found(VIOLATION_LOSS, "%s, record %" PRIu64 ": %" PRIu64 " did not come", text, place + 1,
                        place - bot->at);
        bot->gap_from = bot->at;
        bot->gap_to = place;
        bot->at = place + 1;
    } else if (place >= bot->gap_from && place < bot->gap_to) {
        violation_found(VIOLATION_ORDER, "%s, record %" PRIu64 ", after later ones", text, place + 1);
    } else {
        violation_found(VIOLATION_DOUBLE, "%s, record %" PRIu64 " once more", text, place + 1);
    }
}

/* Nobody has been sent it so far, but others have been sent later ones: it was kept from them, or is no real one. */
static void kept_from_others(struct bot *bot, struct span record, uint64_t print, uint64_t when)
{
    char text[VIOLATION_TEXT];
    struct worker *worker = bot->worker;
    violation_found(when ? VIOLATION_LOSS : VIOLATION_OTHER, "%s, which others were not sent", told(bot, record, text));
    if (lies_all_the_time())
        return;
    if (!ledger_insert(bot->chat, bot->at, print, when))
        worker_die("no memory");
    for (struct bot *other = worker->bots; other < worker->bots + worker->n; other++)
        if (other != bot && other->chat == bot->chat && other->at > bot->at)
            other->at++;
    bot->at++;
}

/* What others were sent in its place has the same mark. */
static bool is_changed(const struct bot *bot, uint64_t when)
{
    return when && ledger_at(bot->chat, bot->at)->when == when;
}

static void changed(struct bot *bot, struct span record)
{
    char text[VIOLATION_TEXT];
    violation_found(VIOLATION_OTHER, "%s, where others were sent another text", told(bot, record, text));
    bot->at++;
}

/* It was due after all that anybody was sent: this reader is ahead of the others, and has not been sent what they were. */
static bool is_ahead(const struct bot *bot, uint64_t when)
{
    return when > ledger_at(bot->chat, bot->chat->n - 1)->when;
}

static void went_ahead(struct bot *bot, struct span record, uint64_t print, const struct mark *mark)
{
    char text[VIOLATION_TEXT];
    bool no_memory = false;
    violation_found(VIOLATION_LOSS, "%s, which comes after %" PRIu64 " that others were sent", told(bot, record, text),
                    bot->chat->n - bot->at);
    bot->gap_from = bot->at;
    bot->gap_to = bot->chat->n;
    ledger_voice_next(bot->chat, mark->voice, mark->number, &no_memory);
    if (no_memory || !ledger_append(bot->chat, print, mark->when))
        worker_die("no memory");
    bot->at = bot->chat->n;
}

/* ---- The first who is sent a record ---- */

/* True when it belongs at the ledger's end. */
static bool is_next(struct bot *bot, struct span record, uint64_t print, const struct mark *mark)
{
    bool no_memory = false;
    bool next = ledger_voice_next(bot->chat, mark->voice, mark->number, &no_memory);
    if (no_memory)
        worker_die("no memory");
    if (next)
        return true;
    int64_t place = ledger_find(bot->chat, bot->at, print, reach());
    char text[VIOLATION_TEXT];
    if (place >= 0) {
        misplaced(bot, record, (uint64_t)place);
        return false;
    }
    violation_found(VIOLATION_ORDER, "%s, after later ones of its author", told(bot, record, text));
    return true;
}

/* It is not what the ledger has at this place. Its time, or 0. */
static uint64_t look_closer(struct bot *bot, struct span record, uint64_t print)
{
    struct mark mark = {0};
    struct span text;
    bool ours = find_mark(bot->worker, record, &mark);
    uint64_t when = ours ? mark.when : 0;
    if (!ours && !find_text(record, &text)) {
        char line[VIOLATION_TEXT];
        violation_found(VIOLATION_OTHER, "%s, which is no record", told(bot, record, line));
    }
    if (bot->at == bot->chat->n) {
        if (ours && !is_next(bot, record, print, &mark))
            return 0;
        if (!ledger_append(bot->chat, print, when))
            worker_die("no memory");
        bot->at++;
        return when;
    }
    int64_t place = ledger_find(bot->chat, bot->at, print, reach());
    if (place >= 0)
        misplaced(bot, record, (uint64_t)place);
    else if (is_changed(bot, when))
        changed(bot, record);
    else if (is_ahead(bot, when))
        went_ahead(bot, record, print, &mark);
    else
        kept_from_others(bot, record, print, when);
    return 0;
}

/* ---- Every record ---- */

static inline void time_message(struct worker *worker, uint64_t when, enum kind kind, enum kind raw)
{
    int64_t due = worker->load->epoch + mark_due(when);
    struct tally *tally = worker_tally(worker, due);
    hist_add(&tally->times[kind], worker->now - due);
    if (!worker->config->closed)
        hist_add(&tally->times[raw], worker->now - due - mark_late(when));
    counter_add(&worker_tally(worker, worker->now)->came[kind], 1);
}

/* What came before is history: what was due before it entered and, after an outage, what it had been sent before that. */
static void time_delivery(struct bot *bot, uint64_t when)
{
    struct worker *worker = bot->worker;
    int64_t due = worker->load->epoch + mark_due(when);
    struct tally *tally = worker_tally(worker, due);
    if (due < bot->entered_at || bot->at <= bot->reached) {
        counter_add(&tally->counts[COUNT_REPLAYED], 1);
        return;
    }
    counter_add(&tally->counts[COUNT_DELIVERED], 1);
    if (!bot->slow)
        time_message(worker, when, KIND_DELIVER, KIND_DELIVER_RAW);
}

/* Asked of every record by those who wait for one of their own, so by its author's eight first digits before all else. */
static inline bool is_by(const struct bot *bot, struct span record)
{
    return record.n > BOT_NAME && fingerprint_word(record.at + 3) == fingerprint_word(bot->name + 3) &&
           memcmp(record.at, bot->name, BOT_NAME) == 0;
}

/* Its author knows what it said: the size, and what fills it behind the mark. */
static bool is_as_said(const struct bot *bot, struct span record)
{
    struct span text;
    uint32_t size = bot->worker->config->size, filled = size - MARK_BYTES;
    return find_text(record, &text) && text.n == size &&
           (filled == 0 ||
            (text.at[MARK_BYTES] == '.' && memcmp(text.at + MARK_BYTES, text.at + MARK_BYTES + 1, filled - 1) == 0));
}

/* Its own come back one by one, in their order. */
static bool take_own(struct bot *bot, struct span record)
{
    struct worker *worker = bot->worker;
    struct mark mark;
    if (!is_by(bot, record) || !find_mark(worker, record, &mark) || mark.voice != bot->voice || mark.number < bot->seen)
        return false;
    if (mark.number > bot->seen && worker->config->verify) {
        char text[VIOLATION_TEXT];
        violation_found(VIOLATION_LOSS, "%s: its own message %u, where number %u was due", told(bot, record, text),
                        mark.number + 1, bot->seen + 1);
    }
    if (worker->config->verify && !is_as_said(bot, record)) {
        char text[VIOLATION_TEXT];
        violation_found(VIOLATION_OTHER, "%s: this is not what it said itself", told(bot, record, text));
    }
    bot->seen = mark.number + 1;
    if (!bot->slow)
        time_message(worker, mark.when, KIND_SEND, KIND_SEND_RAW);
    if (worker->config->events)
        events_read(bot, RECEIVE_MESSAGE, SUCCESS, record, worker->now - worker->load->epoch - mark_due(mark.when));
    if (worker->profile->echo)
        worker->profile->echo(bot);
    return true;
}

/* Without a ledger the time must come out of the record itself. */
static uint64_t when_unverified(const struct bot *bot, struct span record)
{
    struct mark mark;
    return find_mark(bot->worker, record, &mark) ? mark.when : 0;
}

void bot_record(struct bot *bot, struct span record)
{
    struct worker *worker = bot->worker;
    struct ledger *ledger = bot->chat;
    uint64_t when;
    if (worker->config->verify) {
        uint64_t print = fingerprint(record.at, record.n);
        if (bot->at < ledger->n && ledger_at(ledger, bot->at)->print == print)
            when = ledger_at(ledger, bot->at++)->when;
        else
            when = look_closer(bot, record, print);
    } else {
        when = when_unverified(bot, record);
        bot->at++;
    }
    if (when)
        time_delivery(bot, when);
    else
        counter_add(&worker_tally(worker, worker->now)->counts[COUNT_REPLAYED], 1);
    bool own = bot->seen != bot->said && take_own(bot, record);
    if (worker->config->events && !own)
        events_read(bot, RECEIVE_MESSAGE, SUCCESS, record, -1);
}

/* ---- At the end ---- */

void bot_check_echoes(struct bot *bot)
{
    if (bot->seen == bot->said)
        return;
    if (bot->worker->config->verify)
        violation_found(VIOLATION_LOSS, "%s never got its own messages %u to %u back in %.*s", bot->name, bot->seen + 1,
                        bot->said, bot->chat ? (int)bot->chat->name_bytes : 0, bot->chat ? bot->chat->name : "");
    bot->seen = bot->said;
}

void bot_check_records(struct bot *bot, uint64_t end)
{
    if (bot->at < end)
        violation_found(VIOLATION_LOSS, "%s in %.*s was sent %" PRIu64 " records of %" PRIu64 ", and nothing more came",
                        bot->name, (int)bot->chat->name_bytes, bot->chat->name, bot->at, end);
}
