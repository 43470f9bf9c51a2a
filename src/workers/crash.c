/* worker_crash: see crash.h. */
#include "workers/crash.h"
#include "workers/workers_internal.h"

#include "base/json_text.h"
#include "base/signal_name.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    JSON_BYTE_MAX = 6, /* one byte can become so many in JSON text: \u0001 */
};

static json_t *details_json(const struct worker_link *link, const struct worker_exit *end,
                            const struct post_mortem *crash)
{
    json_t *details =
        json_pack("{s:I, s:I, s:s, s:s, s:s}", "worker", (json_int_t)link->worker->id, "pid",
                  (json_int_t)link->worker->pid, "module", link->worker->job->asked.module->name,
                  "why", end->why, "output", "");
    if (end->signal)
        json_object_set_new(details, "signal", json_string(signal_name(end->signal)));
    if (end->exited)
        json_object_set_new(details, "exit_status", json_integer(end->exit_status));
    if (crash->exists)
        json_object_set_new(details, "crash", post_mortem_json(crash));
    return details;
}

static size_t size_of(const json_t *json)
{
    return json_dumpb(json, NULL, 0, JSON_COMPACT);
}

/* By how many bytes the details are too long. */
static size_t excess_of(const json_t *details, size_t max)
{
    size_t size = size_of(details);
    return size > max ? size - max : 0;
}

static void drop_frames(json_t *details, size_t max)
{
    json_t *frames = json_object_get(json_object_get(details, "crash"), "backtrace");
    size_t excess = excess_of(details, max);
    while (excess && json_array_size(frames)) {
        size_t last = json_array_size(frames) - 1;
        size_t size = size_of(json_array_get(frames, last)) + strlen(",");
        excess -= size < excess ? size : excess;
        json_array_remove(frames, last);
    }
}

/* The text must become `over` bytes shorter. Returns how many bytes to leave out of the beginning
 * of `tail`: at least one in six of these, up to the beginning of a character. The caller tries
 * again. */
static size_t cut_of(const char *tail, size_t len, size_t over)
{
    size_t cut = (over + JSON_BYTE_MAX - 1) / JSON_BYTE_MAX;
    while (cut < len && ((unsigned char)tail[cut] & 0xc0) == 0x80)
        cut++;
    return cut < len ? cut : len;
}

static void cut_output(json_t *details, const char *tail, size_t len, size_t max)
{
    size_t excess;
    while (len && (excess = excess_of(details, max)) > 0) {
        size_t cut = cut_of(tail, len, excess);
        tail += cut;
        len -= cut;
        json_object_set_new(details, "output", json_text(tail, len));
    }
}

struct payload *worker_crash_details(const struct worker_link *link, const struct worker_exit *end,
                                     const struct post_mortem *crash)
{
    char output[OUTPUT_TAIL_MAX];
    size_t len = worker_output_tail(&link->output, output);
    size_t max = link->worker->job->asked.payload_max;
    json_t *details = details_json(link, end, crash);
    json_object_set_new(details, "output", json_text(output, len));
    drop_frames(details, max);
    cut_output(details, output, len, max);
    char *text = json_dumps(details, JSON_COMPACT);
    json_decref(details);
    if (!text)
        return NULL;
    struct payload *payload = payload_from(link->workers->loop->output, text, strlen(text));
    free(text);
    return payload;
}

void worker_crash_note(struct workers *workers, const struct post_mortem *crash)
{
    if (!crash->exists || strcmp(crash->module, "-") == 0)
        return;
    json_t *json = post_mortem_json(crash);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text)
        return;
    crashes_note(&workers->crashes,
                 &(struct crash_note){.module = crash->module,
                                      .fingerprint = crash->fingerprint,
                                      .signal = (int)crash->record.signal,
                                      .job = crash->job,
                                      .text = text},
                 workers_timers(workers)->now_us);
    free(text);
}
