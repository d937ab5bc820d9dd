/* A number that stands for some bytes: records are compared by it. Not meant against somebody who wants two to be alike. */
#ifndef LOAD_FINGERPRINT_H
#define LOAD_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t fingerprint_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Both halves of a product, folded: every bit of the factors reaches every bit of it. */
static inline uint64_t fingerprint_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Sixteen bytes a step; the last step takes the last sixteen, whether some were taken before or not. */
static inline uint64_t fingerprint(const char *at, size_t n)
{
    const uint64_t odd = UINT64_C(0xa0761d6478bd642f), even = UINT64_C(0xe7037ed1a0b428db);
    uint64_t print = n * odd ^ even;
    char rest[16] = {0};
    if (n < sizeof rest) {
        memcpy(rest, at, n);
        at = rest;
        n = sizeof rest;
    }
    for (; n > 16; at += 16, n -= 16)
        print = fingerprint_fold(fingerprint_word(at) ^ odd, fingerprint_word(at + 8) ^ print);
    at -= 16 - n;
    print = fingerprint_fold(fingerprint_word(at) ^ odd, fingerprint_word(at + 8) ^ print);
    return fingerprint_fold(print ^ odd, even);
}

#endif
