/* redis_channels: what other nodes publish. A message says where to look, and little more. */
#include "queue/redis/redis_engine_internal.h"

#include <string.h>

static void heard(void *arg, const char *channel, const char *message, size_t len)
{
    struct engine *engine = arg;
    (void)len;
    if (engine->node.state != REDIS_NODE_MEMBER)
        return;
    if (strcmp(channel, "work") == 0 && engine->news)
        engine->news->work(engine->news_arg, message);
    else if (strcmp(channel, "paused") == 0)
        redis_tick(engine);
    else if (strncmp(channel, "node:", 5) == 0)
        redis_news_fetch(engine);
}

/* Messages may have been lost before. */
static void listening(void *arg)
{
    redis_tick(arg);
}

const struct redis_subscription_ops redis_channels_ops = {.heard = heard, .listening = listening};
