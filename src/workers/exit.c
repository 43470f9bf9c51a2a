/*
 * worker_exit: what is known of a worker's end: a sentence from its wait status, and the details of
 * a crash that go to the client with the failed job.
 */
#include "workers/workers_internal.h"

#include "base/signal_name.h"
#include "common/xmalloc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum {
    JSON_BYTE_MAX = 6, /* what a byte can become in JSON text: \u0001 */
};

void worker_exit_describe(const int *status, bool closed, struct worker_exit *end, char *text,
                          size_t size)
{
    if (status && WIFSIGNALED(*status)) {
        end->signal = WTERMSIG(*status);
        snprintf(text, size, "it was ended by %s%s", signal_name(end->signal),
                 WCOREDUMP(*status) ? " (core dumped)" : "");
    } else if (status) {
        end->exited = true;
        end->exit_status = WEXITSTATUS(*status);
        snprintf(text, size, "it exited with status %d", end->exit_status);
    } else {
        snprintf(text, size, "%s",
                 closed ? "it closed its connection" : "it was killed and does not end");
    }
}

void worker_exit_place(const struct worker_link *link, char *text, size_t size,
                       char module[MODULE_NAME_MAX + 1])
{
    *text = '\0';
    if (!link->ready && worker_process_preloading(&link->process, module)) {
        snprintf(text, size, " while it preloaded module %s", module);
        return;
    }
    enum worker_process_ending ending = worker_process_ending(&link->process, module);
    if (ending == WORKER_PROCESS_IN_FINI)
        snprintf(text, size, " in the fini() of module %s", module);
    else if (ending == WORKER_PROCESS_AT_EXIT)
        snprintf(text, size, " at its exit, with %s%s loaded",
                 *module ? "module " : "several modules or none", module);
    if (!*module || ending == WORKER_PROCESS_NOT_ENDING)
        memcpy(module, "-", sizeof "-");
}

/* Any bytes as a JSON text: what is not ASCII is replaced if the whole is not UTF-8. */
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

/* What is known of a crash, as JSON text; NULL if there is no memory for that. */
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

/* How much to leave out of the beginning of `tail` to be `over` bytes of JSON text shorter, or on
 * the way there: up to the beginning of a character. */
static size_t cut_of(const char *tail, size_t len, size_t over)
{
    size_t cut = (over + JSON_BYTE_MAX - 1) / JSON_BYTE_MAX;
    while (cut < len && ((unsigned char)tail[cut] & 0xc0) == 0x80)
        cut++;
    return cut < len ? cut : len;
}

struct payload *worker_exit_details(struct worker_link *link, const struct worker_exit *end)
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
