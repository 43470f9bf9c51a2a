/* log_episode: see log_episode.h. */
#include "base/log_episode.h"

enum {
    QUIET_US = 1000000 /* an episode is over after this long without it */
};

bool log_episode_noticed(struct log_episode *episode, struct timers *timers)
{
    episode->last_us = timers->now_us;
    episode->count++;
    if (episode->on)
        return false;
    episode->on = true;
    episode->since_us = timers->now_us;
    episode->count = 1;
    timer_set(timers, &episode->over, timers->now_us + QUIET_US);
    return true;
}

bool log_episode_over(struct log_episode *episode, struct timers *timers, bool still)
{
    if (still)
        episode->last_us = timers->now_us;
    if (episode->last_us + QUIET_US > timers->now_us) {
        timer_set(timers, &episode->over, episode->last_us + QUIET_US);
        return false;
    }
    episode->on = false;
    return true;
}

uint64_t log_episode_seconds(const struct log_episode *episode)
{
    return (episode->last_us - episode->since_us) / 1000000;
}
