/* The table of profiles. */
#include "client/load/profile.h"

#include <stddef.h>
#include <string.h>

const struct profile *const profile_table[] = {
    &profile_thesis, &profile_rooms, &profile_churn, &profile_idle, &profile_replay, &profile_slow, NULL};

const struct profile *profile_find(const char *name)
{
    for (const struct profile *const *profile = profile_table; *profile; profile++)
        if (strcmp((*profile)->name, name) == 0)
            return *profile;
    return NULL;
}
