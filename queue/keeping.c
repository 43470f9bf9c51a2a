/* keeping: see keeping.h. */
#include "queue/keeping.h"

#include "base/clock.h"
#include "base/random.h"
#include "common/log.h"
#include "queue/engines.h"

#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

uint64_t keeping_wall_ms(void)
{
    return clock_read_us(CLOCK_REALTIME) / 1000;
}

/* --- the store --- */

/* Nothing that is asked of the store is done any more, and nothing more may be promised. */
static void on_store_failed(void *arg, const char *why)
{
    const struct keeping *keeping = arg;
    log_event(LOG_ERROR, "store-failed", LOG_STR("why", why),
              LOG_STR("hint", engines_hint_failed(keeping->engine_ops)));
    exit(EX_IOERR);
}

static void log_unopened(const struct keeping *keeping, const struct store_settings *settings,
                         const char *why)
{
    const char *path = keeping->engine_ops->is_shared ? NULL : settings->path;
    log_event(LOG_ERROR, "cannot-open-store", LOG_STR_OPT("path", path), LOG_STR("why", why),
              LOG_STR("hint", engines_hint_unopened(keeping->engine_ops)));
}

int keeping_open_store(struct keeping *keeping, const struct queue_settings *settings)
{
    char error[512];
    const struct engine_parts parts = {.settings = &settings->store,
                                       .redis = &settings->redis,
                                       .base = keeping->conns->base,
                                       .loop = keeping->conns,
                                       .failed = on_store_failed,
                                       .arg = keeping};
    keeping->engine_ops = engines_find(settings->store.engine);
    keeping->engine = keeping->engine_ops->open(&parts, error, sizeof error);
    if (!keeping->engine)
        log_unopened(keeping, &settings->store, error);
    return keeping->engine ? 0 : -1;
}

/* --- the master --- */

int keeping_find_master(struct keeping *keeping, const struct queue_settings *settings)
{
    char error[512];
    const struct master_link_parts parts = {
        .loop = keeping->conns, .random = random_number, .settings = &settings->master};
    keeping->link = master_link_new(&parts, error, sizeof error);
    if (!keeping->link)
        log_event(LOG_ERROR, "cannot-find-master", LOG_STR("address", settings->master.address),
                  LOG_STR("why", error));
    return keeping->link ? 0 : -1;
}

/* --- all of them --- */

void keeping_begin(struct keeping *keeping, const struct queue_settings *settings)
{
    keeping->keep = keep_new(&(struct keep_parts){.timers = keeping->conns->timers,
                                                  .wall_ms = keeping_wall_ms,
                                                  .random = random_number,
                                                  .payloads = keeping->conns->budget,
                                                  .output = keeping->conns->output,
                                                  .engine_ops = keeping->engine_ops,
                                                  .engine = keeping->engine,
                                                  .master = &master_link_ops,
                                                  .master_arg = keeping->link,
                                                  .settings = &settings->keep});
    if (keeping->engine_ops->listen)
        keeping->engine_ops->listen(keeping->engine, &keep_news, keeping->keep);
    master_link_start(keeping->link, keeping->keep);
}

void keeping_configure(struct keeping *keeping, const struct queue_settings *settings)
{
    if (!keeping->keep)
        return;
    keeping->engine_ops->configure(keeping->engine, &settings->store, &settings->redis);
    keep_configure(keeping->keep, &settings->keep);
    master_link_configure(keeping->link, &settings->master);
}

void keeping_free(struct keeping *keeping)
{
    if (keeping->engine)
        keeping->engine_ops->close(keeping->engine);
    if (keeping->link)
        master_link_free(keeping->link);
    conn_loop_chores(keeping->conns);
    if (keeping->keep)
        keep_free(keeping->keep);
}
