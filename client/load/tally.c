/* What one thread counts in one phase. */
#include "client/load/tally.h"

const char *const kind_names[KINDS] = {
    [KIND_CONNECT] = "connect",   [KIND_NAME] = "name",
    [KIND_CREATE] = "create",     [KIND_JOIN] = "join",
    [KIND_SEND] = "send",         [KIND_DELIVER] = "deliver",
    [KIND_SEND_RAW] = "send_raw", [KIND_DELIVER_RAW] = "deliver_raw",
    [KIND_REPLAY] = "replay",     [KIND_LEAVE] = "leave",
    [KIND_QUIT] = "quit",         [KIND_VISIT] = "visit",
    [KIND_LAG] = "lag",
};

const char *const error_names[ERRORS] = {
    [ERROR_CONNECT] = "connect", [ERROR_RESET] = "reset",
    [ERROR_CLOSED] = "closed",   [ERROR_FULL] = "full",
    [ERROR_NAME] = "name",       [ERROR_CREATE] = "create",
    [ERROR_JOIN] = "join",       [ERROR_SEND] = "send",
    [ERROR_OTHER] = "other",     [ERROR_UNANSWERED] = "unanswered",
    [ERROR_UNSENT] = "unsent",   [ERROR_PROTOCOL] = "protocol",
};

const char *const count_names[COUNTS] = {
    [COUNT_SENT] = "sent",           [COUNT_DELIVERED] = "delivered",   [COUNT_REPLAYED] = "replayed",
    [COUNT_REQUESTS] = "requests",   [COUNT_RECONNECTS] = "reconnects", [COUNT_BYTES_IN] = "bytes_in",
    [COUNT_BYTES_OUT] = "bytes_out",
};

bool tally_open(struct tally *tally)
{
    *tally = (struct tally){0};
    for (int kind = 0; kind < KINDS; kind++)
        if (!hist_open(&tally->times[kind])) {
            tally_close(tally);
            return false;
        }
    return true;
}

void tally_close(struct tally *tally)
{
    for (int kind = 0; kind < KINDS; kind++)
        hist_close(&tally->times[kind]);
}

void tally_clear(struct tally *tally)
{
    for (int kind = 0; kind < KINDS; kind++)
        if (hist_count(&tally->times[kind]))
            hist_clear(&tally->times[kind]);
    for (int i = 0; i < COUNTS; i++)
        atomic_store_explicit(&tally->counts[i], 0, memory_order_relaxed);
    for (int i = 0; i < ERRORS; i++)
        atomic_store_explicit(&tally->errors[i], 0, memory_order_relaxed);
    for (int i = 0; i < KINDS; i++)
        atomic_store_explicit(&tally->came[i], 0, memory_order_relaxed);
}

void tally_add(struct tally *to, const struct tally *from)
{
    for (int kind = 0; kind < KINDS; kind++)
        hist_merge(&to->times[kind], &from->times[kind]);
    for (enum count i = 0; i < COUNTS; i++)
        counter_add(&to->counts[i], tally_count(from, i));
    for (enum error i = 0; i < ERRORS; i++)
        counter_add(&to->errors[i], tally_error(from, i));
    for (enum kind i = 0; i < KINDS; i++)
        counter_add(&to->came[i], counter_get(&from->came[i]));
}

void tally_copy(struct tally *to, const struct tally *from)
{
    tally_clear(to);
    tally_add(to, from);
}

void tally_subtract(struct tally *from, const struct tally *earlier)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        hist_subtract(&from->times[kind], &earlier->times[kind]);
        counter_add(&from->came[kind], -counter_get(&earlier->came[kind]));
    }
    for (enum count i = 0; i < COUNTS; i++)
        counter_add(&from->counts[i], -tally_count(earlier, i));
    for (enum error i = 0; i < ERRORS; i++)
        counter_add(&from->errors[i], -tally_error(earlier, i));
}

/* What is raw was over at the same moment. */
double tally_rate(const struct tally *tally, enum kind kind, double seconds)
{
    kind = kind == KIND_SEND_RAW ? KIND_SEND : kind == KIND_DELIVER_RAW ? KIND_DELIVER : kind;
    return seconds > 0 ? (double)counter_get(&tally->came[kind]) / seconds : 0;
}

uint64_t tally_errors(const struct tally *tally)
{
    uint64_t sum = 0;
    for (enum error i = 0; i < ERRORS; i++)
        sum += tally_error(tally, i);
    return sum;
}
