/* Random numbers that a seed tells beforehand, so that what failed can be played again. */
#ifndef FAULTS_RANDOM_H
#define FAULTS_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

struct random {
    uint64_t state;
};

/* Where this run's seeds begin: TEST_SEED, or 1. */
static inline uint64_t random_first_seed(void)
{
    const char *given = getenv("TEST_SEED");
    return given ? strtoull(given, NULL, 10) : 1;
}

/* splitmix64 */
static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline struct random random_seeded(uint64_t seed)
{
    struct random random = {seed * UINT64_C(0xd1342543de82ef95)};
    random_next(&random);
    return random;
}

/* 0 to n - 1. */
static inline unsigned random_below(struct random *random, unsigned n)
{
    return (unsigned)((random_next(random) >> 32) % n);
}

#endif
