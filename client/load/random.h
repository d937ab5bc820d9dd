/* Random numbers that a seed repeats. Each owner has a stream of its own; no two threads share one. */
#ifndef LOAD_RANDOM_H
#define LOAD_RANDOM_H

#include <stdint.h>

/* A counter, scrambled: the stream is as good as what is done with it here, and any number is a seed. */
static inline uint64_t random_next(uint64_t *stream)
{
    uint64_t x = *stream += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The stream number `which` of a seed. */
static inline uint64_t random_stream(uint64_t seed, uint64_t which)
{
    uint64_t stream = seed ^ (which + 1) * UINT64_C(0xd1342543de82ef95);
    return random_next(&stream);
}

/* 0 to n - 1. The remainder favours small results by less than n / 2^64. */
static inline uint64_t random_below(uint64_t *stream, uint64_t n)
{
    return random_next(stream) % n;
}

/* True with this probability. */
static inline int random_chance(uint64_t *stream, double probability)
{
    return (double)(random_next(stream) >> 11) < probability * 0x1p53;
}

#endif
