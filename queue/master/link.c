/* master_link: see link.h. */
#include "queue/master/link_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <taskmaster/version.h>

#include <stdlib.h>

enum {
    UNREAD_MAX = 8 * 1024 * 1024, /* bytes of submits that wait for the master */
    PAUSE_MOST_MS = 5000,         /* between two attempts to connect */
};

/* The link has a line of its own in the loop. There is no deadline for reading and writing: a
 * stopped master goes on with its jobs later, and TCP finds a lost one. */
static const struct conn_limits limits = {.output_pause = UINT64_MAX, .own = true};

static struct master_link *link_of(struct uplink *uplink)
{
    return (struct master_link *)uplink; /* its first member */
}

/* --- the connection --- */

static bool on_greeted(struct uplink *uplink, const json_t *hello, char *error, size_t error_size)
{
    return master_greeting_read(&link_of(uplink)->greeting, hello, error, error_size);
}

static void on_up(struct uplink *uplink)
{
    struct master_link *link = link_of(uplink);
    log_event(LOG_INFO, "master-connected", LOG_STR("address", link->text),
              LOG_STR("boot", link->greeting.boot));
    keep_master_up(link->keep, &link->greeting.about);
}

/* Each reason is logged once, however many attempts fail for it. */
static void on_lost(struct uplink *uplink, const struct uplink_end *end)
{
    struct master_link *link = link_of(uplink);
    if (!end->is_known)
        log_event(LOG_WARN, end->was_up ? "master-lost" : "master-unreachable",
                  LOG_STR("address", link->text), LOG_STR("why", end->why));
    link->was_full = false;
    if (!end->was_up)
        return;
    master_asked_refuse_all(link);
    keep_master_gone(link->keep);
}

/* --- messages --- */

/* Whether somebody has a use for the payload. */
static bool is_wanted(const struct master_event *event)
{
    return event->is_answer || event->type == MASTER_EVENT_DONE ||
           event->type == MASTER_EVENT_FAILED;
}

static const char *on_header(struct uplink *uplink, const char *data, size_t len,
                             struct uplink_frame *frame)
{
    struct master_event *event = &link_of(uplink)->event;
    const char *fault = master_event_read(event, data, len);
    *frame = (struct uplink_frame){.size = event->size, .is_kept = is_wanted(event)};
    return fault;
}

static void on_event(struct uplink *uplink, struct payload *payload)
{
    struct master_link *link = link_of(uplink);
    master_news_take(link, &link->event, payload);
}

static bool is_full(void *arg)
{
    struct master_link *link = arg;
    const struct conn *conn = link->uplink.conn;
    link->was_full = conn && conn->output_held >= UNREAD_MAX;
    return link->was_full;
}

static void on_taken(struct uplink *uplink)
{
    struct master_link *link = link_of(uplink);
    if (link->was_full && !is_full(link))
        keep_master_reads(link->keep);
}

static const struct uplink_ops ops = {
    .greeted = on_greeted,
    .up = on_up,
    .header = on_header,
    .event = on_event,
    .lost = on_lost,
    .taken = on_taken,
};

/* --- the keep's side --- */

static void submit(void *arg, struct kept *job)
{
    master_request_submit(arg, job);
}

static void stop(void *arg, struct kept *job, bool kill)
{
    master_request_stop(arg, job, kill);
}

const struct kept_master_ops master_link_ops = {.submit = submit, .stop = stop, .is_full = is_full};

/* --- the link --- */

struct master_link *master_link_new(const struct master_link_parts *parts, char *error,
                                    size_t error_size)
{
    struct address address;
    if (address_parse(&address, parts->settings->address, error, error_size) < 0)
        return NULL;
    struct master_link *link = xcalloc(1, sizeof *link);
    link->parts = *parts;
    link->address = address;
    link->text = xstrdup(parts->settings->address);
    uplink_init(&link->uplink,
                &(struct uplink_parts){.loop = parts->loop,
                                       .pause_most_ms = PAUSE_MOST_MS,
                                       .random = parts->random,
                                       .address = &link->address,
                                       .limits = &limits,
                                       .ops = &ops,
                                       .noun = "master",
                                       .client = "taskqueued/" TASKMASTER_VERSION},
                &parts->settings->tokens);
    master_asked_init(link);
    return link;
}

void master_link_start(struct master_link *link, struct keep *keep)
{
    link->keep = keep;
    uplink_start(&link->uplink);
}

void master_link_configure(struct master_link *link, const struct master_link_settings *settings)
{
    link->parts.settings = settings;
    link->uplink.tokens = &settings->tokens;
}

void master_link_free(struct master_link *link)
{
    uplink_free(&link->uplink);
    master_asked_free(link);
    free(link->text);
    free(link);
}

struct master_link_view master_link_view(const struct master_link *link)
{
    bool is_up = link->uplink.state == UPLINK_UP;
    return (struct master_link_view){
        .address = link->text,
        .is_up = is_up,
        .boot = is_up ? link->greeting.boot : NULL,
        .why = link->uplink.why,
    };
}
