/* worker_crash: see crash.h. */
#include "workers/crash.h"
#include "workers/workers_internal.h"

#include "base/signal_name.h"
#include "common/xmalloc.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    JSON_BYTE_MAX = 6, /* one byte can become so many in JSON text: \u0001 */
};

/* Any bytes as a JSON text. If they are not UTF-8, each byte beyond ASCII becomes a question mark.
 */
static json_t *json_text(const char *bytes, size_t len)
{
    json_t *text = json_stringn(bytes, len);
    if (text)
        return text;
    char *copy = xmalloc(len + 1);
    for (size_t i = 0; i < len; i++)
        copy[i] = (char)((unsigned char)bytes[i] < 0x80 && bytes[i] ? bytes[i] : '?');
    text = json_stringn(copy, len);
    free(copy);
    return text;
}

/* Returns NULL without memory. */
static char *crash_text(const struct worker_link *link, const struct worker_exit *end,
                        const char *tail, size_t len)
{
    json_t *details =
        json_pack("{s:I, s:I, s:s, s:s, s:o}", "worker", (json_int_t)link->worker->id, "pid",
                  (json_int_t)link->worker->pid, "module", link->worker->job->asked.module->name,
                  "why", end->why, "output", json_text(tail, len));
    if (end->signal)
        json_object_set_new(details, "signal", json_string(signal_name(end->signal)));
    if (end->exited)
        json_object_set_new(details, "exit_status", json_integer(end->exit_status));
    char *text = json_dumps(details, JSON_COMPACT);
    json_decref(details);
    return text;
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

struct payload *worker_crash_details(const struct worker_link *link, const struct worker_exit *end)
{
    char output[OUTPUT_TAIL_MAX];
    const char *tail = output;
    size_t len = worker_output_tail(&link->output, output);
    size_t max = link->worker->job->asked.payload_max;
    char *text = crash_text(link, end, tail, len);
    while (text && strlen(text) > max && len) {
        size_t cut = cut_of(tail, len, strlen(text) - max);
        tail += cut;
        len -= cut;
        free(text);
        text = crash_text(link, end, tail, len);
    }
    if (!text)
        return NULL;
    struct payload *payload = payload_from(link->workers->loop->output, text, strlen(text));
    free(text);
    return payload;
}
