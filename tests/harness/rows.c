/* Rows of the protocol's table. */
#define HARNESS
#include "tests/harness/rows.h"

#include <string.h>

struct server *start_plain(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch});
}

struct server *start_with(const struct trial *trial, const char *option, const char *value)
{
    return server_start(&(struct launch){.arch = trial->arch, .options = {option, value}});
}

void rows_ask(struct client *client, const struct row *rows, size_t n)
{
    for (const struct row *row = rows; row < rows + n; row++) {
        client_say(client, row->request, row->text);
        if (row->answer)
            client_expect(client, row->kind, row->response, row->answer);
        else
            client_expect_reason(client, row->kind);
    }
}

void rows_ask_unknown(struct client *client)
{
    static const int32_t unknown[] = {RECEIVE_MESSAGE, WRONG_REQUEST, REQUEST_KINDS, 256, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        client_ask(client, unknown[i], "", WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        client_ask(client, unknown[i], "some text", WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
    }
}

char *repeated(const char *bytes, size_t n)
{
    size_t one = strlen(bytes);
    char *text = trial_alloc(one * n + 1);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * one, bytes, one);
    return text;
}
