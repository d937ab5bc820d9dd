/* What the fuzz targets share: failing, choices made by the input, and a slow reading of frames that shares nothing with the server. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libFuzzer calls for every input. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Says what does not hold and ends: libFuzzer prints and keeps the input then. */
#define must(condition, ...)                                \
    do {                                                    \
        if (!(condition)) {                                 \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            fprintf(stderr, "must(%s): ", #condition);      \
            fprintf(stderr, __VA_ARGS__);                   \
            fputc('\n', stderr);                            \
            abort();                                        \
        }                                                   \
    } while (0)

/* Bytes that grow, and are freed by their owner. */
struct heap {
    char *at;
    size_t n, room;
};

static inline void heap_add(struct heap *heap, const void *bytes, size_t n)
{
    if (heap->room < heap->n + n + 1) {
        heap->room = 2 * heap->room + n + 1;
        heap->at = realloc(heap->at, heap->room);
        must(heap->at, "no memory");
    }
    if (n)
        memcpy(heap->at + heap->n, bytes, n);
    heap->n += n;
}

static inline bool heap_is(const struct heap *heap, const void *bytes, size_t n)
{
    return heap->n == n && (n == 0 || memcmp(heap->at, bytes, n) == 0);
}

static inline void heap_free(struct heap *heap)
{
    free(heap->at);
    *heap = (struct heap){0};
}

/* Choices that follow from a seed: the same input always does the same. */
static inline uint32_t choose(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return below ? (*seed >> 8) % below : 0;
}

/* A little-endian number of n bytes. */
static inline uint64_t slow_number(const char *at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = n; i-- > 0;)
        value = value * 256 + (unsigned char)at[i];
    return value;
}

struct slow_frame {
    int32_t request, response;
    const char *text;
    size_t n;
};

/* The frame of the server's that begins there; how long it is, 0 when it is not whole. */
static inline size_t slow_answer(const char *at, size_t n, struct slow_frame *frame)
{
    if (n < 16 || slow_number(at + 8, 8) > n - 16)
        return 0;
    frame->request = (int32_t)(uint32_t)slow_number(at, 4);
    frame->response = (int32_t)(uint32_t)slow_number(at + 4, 4);
    frame->n = (size_t)slow_number(at + 8, 8);
    frame->text = at + 16;
    return 16 + frame->n;
}

#endif
