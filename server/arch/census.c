/* Adding up what the stages count. */
#include "server/arch/census.h"

const char *const census_desk_names[CENSUS_DESKS] = {"gate", "name", "lobby", "room", "bye"};

void census_add(struct census_row *row, const struct counters *counters)
{
    row->arrivals += counter_get(&counters->arrivals);
    row->departures += counter_get(&counters->departures);
    row->requests += counter_get(&counters->requests);
    row->turns += counter_get(&counters->turns);
    row->batch += counter_get(&counters->batch);
    uint64_t most = counter_get(&counters->batch_most);
    if (most > row->batch_most)
        row->batch_most = most;
    row->belt_time += counter_get(&counters->belt_time);
    row->busy_time += counter_get(&counters->busy_time);
    row->people += counter_get(&counters->people);
    row->due += counter_get(&counters->due);
}

void census_count_belts(struct census *census)
{
    uint64_t taken = 0, put = 0;
    for (int i = 0; i < CENSUS_DESKS; i++) {
        taken += census->at[i].arrivals;
        put += census->at[i].departures;
    }
    census->on_belts = put - taken;
}

bool census_adds_up(const struct census *census)
{
    uint64_t people = 0;
    for (int i = 0; i < CENSUS_DESKS; i++)
        people += census->at[i].people;
    return census->accepted == people + census->on_belts + census->closed;
}

bool census_at_rest(const struct census *census)
{
    uint64_t due = 0;
    for (int i = 0; i < CENSUS_DESKS; i++)
        due += census->at[i].due;
    return census_adds_up(census) && due == 0 && census->on_belts == 0;
}
