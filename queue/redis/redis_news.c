/*
 * redis_news: news that other nodes have left for this one in its list (lua/README.md).
 *
 * A node counts the entries that it has read. Redis drops those when the node asks for the next
 * ones. So an answer that was lost on its way is asked for again.
 */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/scripts.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 6 };

/* The fields of an entry: a LF stands between them, and the last one is free text. */
struct entry {
    char *bytes; /* owned */
    const char *fields[FIELDS_MAX];
};

/* An entry of fewer fields has empty ones at the end. */
static void split(struct entry *entry, size_t count)
{
    char *at = entry->bytes;
    for (size_t i = 0; i < count; i++) {
        char *end = i + 1 < count ? strchr(at, '\n') : NULL;
        entry->fields[i] = at;
        if (!end)
            end = at + strlen(at);
        at = end + (*end != '\0');
        *end = '\0';
    }
}

static uint64_t number(const struct entry *entry, size_t field)
{
    return strtoull(entry->fields[field], NULL, 10);
}

/* --- each kind; the first field is its name --- */

static void changed(struct engine *engine, const struct entry *entry)
{
    engine->news->changed(engine->news_arg, number(entry, 1));
}

static void started(struct engine *engine, const struct entry *entry)
{
    const struct store_news news = {.what = STORE_WANTS_STARTED, .fields = entry->fields[2]};
    engine->news->told(engine->news_arg, number(entry, 1), &news);
}

static void progress(struct engine *engine, const struct entry *entry)
{
    const struct store_news news = {.what = STORE_WANTS_PROGRESS, .fields = entry->fields[2]};
    engine->news->told(engine->news_arg, number(entry, 1), &news);
}

static void retried(struct engine *engine, const struct entry *entry)
{
    const struct store_news news = {.what = STORE_WANTS_RETRY,
                                    .attempt = (uint32_t)number(entry, 2),
                                    .delay_ms = number(entry, 3),
                                    .reason = entry->fields[4],
                                    .message = entry->fields[5]};
    engine->news->told(engine->news_arg, number(entry, 1), &news);
}

static void followed(struct engine *engine, const struct entry *entry)
{
    engine->news->followed(engine->news_arg, number(entry, 1), (unsigned)number(entry, 2));
}

static void stop(struct engine *engine, const struct entry *entry)
{
    engine->news->stop(engine->news_arg, number(entry, 1), strcmp(entry->fields[2], "kill") == 0,
                       entry->fields[3]);
}

static void watched(struct engine *engine, const struct entry *entry)
{
    if (engine->watches)
        engine->news->watched(engine->news_arg, number(entry, 2), entry->fields[1],
                              (uint32_t)number(entry, 3), entry->fields[4], entry->fields[5]);
}

static const struct {
    const char *name;
    size_t fields;
    void (*tell)(struct engine *engine, const struct entry *entry);
} kinds[] = {
    {"changed", 2, changed}, {"started", 3, started},   {"progress", 3, progress},
    {"retry", 6, retried},   {"followed", 3, followed}, {"stop", 4, stop},
    {"watch", 6, watched},
};

/* An unknown kind is of a later release. */
static void tell(struct engine *engine, const struct redis_reply *item)
{
    size_t len = strcspn(item->text, "\n");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct entry entry;
        if (strlen(kinds[i].name) != len || memcmp(kinds[i].name, item->text, len) != 0)
            continue;
        entry.bytes = xstrdup(item->text);
        split(&entry, kinds[i].fields);
        kinds[i].tell(engine, &entry);
        free(entry.bytes);
    }
}

/* Entries that another answer has told are passed over. */
bool redis_news_tell(struct engine *engine, const struct redis_reply *entries, uint64_t read)
{
    uint64_t told = engine->node.news_read - read;
    for (size_t i = told; i < entries->count; i++) {
        engine->node.news_read++;
        if (engine->news)
            tell(engine, entries->items[i]);
    }
    return !entries->count;
}

/* --- fetching --- */

/* Asks until an answer is empty: a message comes again with the next entry. */
static void fetched(void *arg, const struct redis_answer *answer)
{
    struct engine *engine = arg;
    struct redis_fetch *fetch = &engine->fetch;
    bool is_ours = fetch->epoch == engine->node.epoch, is_whole = true;
    fetch->is_asking = false;
    if (is_ours && answer->end == REDIS_ANSWERED && !answer->status)
        is_whole = redis_news_tell(engine, redis_reply_at(answer->reply, 1), fetch->read);
    if (!is_whole || fetch->asks_again)
        redis_news_fetch(engine);
}

void redis_news_fetch(struct engine *engine)
{
    static const struct redis_call_kind kind = {.done = fetched};
    struct redis_fetch *fetch = &engine->fetch;
    struct redis_call *call;
    fetch->asks_again = fetch->is_asking;
    if (fetch->is_asking || !engine->node.epoch || engine->node.state == REDIS_NODE_LEAVING)
        return;
    fetch->is_asking = true;
    fetch->epoch = engine->node.epoch;
    fetch->read = engine->node.news_read;
    call = redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_NEWS], fetch->epoch);
    redis_call_number(call, REDIS_NEWS_MAX);
    redis_call_number(call, fetch->read);
    redis_call_post(call, &kind, engine);
}
