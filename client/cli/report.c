/* report: see report.h. */
#include "report.h"

#include "complain.h"
#include "crash_report.h"
#include "exit_status.h"
#include "output.h"
#include "report_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The end shown of a lost worker's output, in bytes. A server sends no more. */
enum { OUTPUT_SHOWN_MAX = 2048 };

static bool reason_is(const tm_client_event *event, const char *reason)
{
    return event->reason && strcmp(event->reason, reason) == 0;
}

int report_exit_status(const tm_client_event *event)
{
    switch (event->type) {
    case TM_CLIENT_EVENT_DONE:
        return EXIT_DONE;
    case TM_CLIENT_EVENT_OVERLOAD:
        return EXIT_TRY_AGAIN;
    case TM_CLIENT_EVENT_FAILED:
        if (reason_is(event, "error") || reason_is(event, "poison"))
            return EXIT_WORKER_LOST;
        if (reason_is(event, "shutdown")) /* another server may do it, or the next one */
            return EXIT_TRY_AGAIN;
        return reason_is(event, "timeout") ? EXIT_TIMED_OUT : EXIT_JOB_FAILED;
    default: /* an error; a store that cannot be reached is asked again later */
        return event->code && strcmp(event->code, "storage") == 0 ? EXIT_TRY_AGAIN
                                                                  : EXIT_JOB_FAILED;
    }
}

bool report_was_refused_at_end(const tm_client_event *event)
{
    return event->type == TM_CLIENT_EVENT_FAILED && event->order < 0 &&
           reason_is(event, "shutdown");
}

bool report_never_began(const tm_client_event *event)
{
    return event->type == TM_CLIENT_EVENT_OVERLOAD || report_was_refused_at_end(event);
}

/* Appends in printf form, as far as there is room. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *fmt,
                                                         ...)
{
    size_t len = strlen(text);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + len, size - len, fmt, args);
    va_end(args);
}

/* Appends the details of the event: "(module, code bad-input)". */
static void append_details(char *text, size_t size, const tm_client_event *event)
{
    const char *reason = event->reason ? event->reason : event->code;
    append(text, size, " (%s", reason ? reason : "no reason given");
    if (event->reason && event->code)
        append(text, size, ", code %s", event->code);
    if (event->job && event->type == TM_CLIENT_EVENT_ERROR) /* another one, in the way */
        append(text, size, ", job %s", event->job);
    if (event->signal)
        append(text, size, ", signal %s", event->signal);
    if (event->exit_status >= 0)
        append(text, size, ", exit status %" PRId64, event->exit_status);
    if (event->step)
        append(text, size, ", step %s", event->step);
    if (event->by)
        append(text, size, ", by %s", event->by);
    if (event->by_name)
        append(text, size, " %s", event->by_name);
    if (event->queued >= 0)
        append(text, size, ", %" PRId64 " queued", event->queued);
    if (event->running >= 0)
        append(text, size, ", %" PRId64 " running", event->running);
    if (event->attempt >= 0)
        append(text, size, ", attempt %" PRId64, event->attempt);
    if (event->retry_after_ms >= 0)
        append(text, size, ", try again after %" PRId64 " ms", event->retry_after_ms);
    append(text, size, ")");
}

void report_failure(const tm_client_event *event, uint64_t line)
{
    char text[1536] = "";
    if (line)
        append(text, sizeof text, "line %" PRIu64 ": ", line);
    if (event->job && event->type == TM_CLIENT_EVENT_FAILED)
        append(text, sizeof text, "job %s ", event->job);
    append(text, sizeof text, "%s",
           event->type == TM_CLIENT_EVENT_FAILED     ? "failed"
           : event->type == TM_CLIENT_EVENT_OVERLOAD ? "overload"
                                                     : "refused");
    append_details(text, sizeof text, event);
    if (event->message && *event->message)
        append(text, sizeof text, ": %s", event->message);
    complain("%s", text);
}

/* Complains further of each line. */
static void complain_lines(const char *prefix, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        complain_further("%s%.*s", prefix, (int)((lf ? lf : end) - text), text);
        text = lf ? lf + 1 : end;
    }
}

void report_retry(const tm_client_event *event)
{
    char text[1536] = "";
    if (event->job)
        append(text, sizeof text, "job %s ", event->job);
    append(text, sizeof text, "failed");
    append_details(text, sizeof text, event);
    if (event->delay_ms >= 0)
        append(text, sizeof text, ", runs again in %.3f s", (double)event->delay_ms / 1e3);
    if (event->message && *event->message)
        append(text, sizeof text, ": %s", event->message);
    complain("%s", text);
}

static void report_output(const json_t *output)
{
    const char *text = json_string_value(output);
    size_t len = json_string_length(output);
    if (len > OUTPUT_SHOWN_MAX) {
        text += len - OUTPUT_SHOWN_MAX;
        len = OUTPUT_SHOWN_MAX;
    }
    complain_lines("it printed: ", text, len);
}

static void report_crash(const json_t *crash)
{
    size_t len;
    char *text = crash ? crash_report_text(crash, &len) : NULL;
    if (text)
        complain_lines("", text, len);
    free(text);
}

/* Returns the facts of a lost worker, to be given up with json_decref(); NULL for other events. */
static json_t *load_facts(const tm_client_event *event)
{
    return reason_is(event, "error") ? json_loadb(event->data, event->size, JSON_ALLOW_NUL, NULL)
                                     : NULL;
}

void report_lost(const tm_client_event *event)
{
    json_t *facts = load_facts(event);
    report_output(json_object_get(facts, "output"));
    report_crash(crash_report_find(facts));
    json_decref(facts);
}

void report_lost_briefly(const tm_client_event *event)
{
    json_t *facts = load_facts(event);
    const json_t *crash = crash_report_find(facts);
    char *top = crash ? crash_report_top(crash) : NULL;
    if (top)
        complain_further("crash %.32s: %s", crash_report_member(crash, "fingerprint"), top);
    free(top);
    json_decref(facts);
}

/* Returns 0, or an exit status after a complaint. */
static int print_error_event(const struct settings *settings, const tm_client *client)
{
    size_t len;
    char *line = report_json_error(client, &len);
    return output_print_owned(settings, line, len);
}

int report_call(const struct settings *settings, const tm_client *client, tm_client_status status)
{
    if (settings->json && !settings->each && *tm_client_error_event(client))
        (void)print_error_event(settings, client); /* the call's own fault is graver */
    else
        complain("%s", tm_client_error(client));
    switch (status) {
    case TM_CLIENT_TIMEOUT:
        return EXIT_TIMED_OUT;
    case TM_CLIENT_INVALID:
        return EXIT_BAD_USAGE;
    case TM_CLIENT_UNREACHABLE:
    case TM_CLIENT_CLOSED:
    case TM_CLIENT_PROTOCOL:
        return EXIT_UNREACHABLE;
    default:
        return EXIT_JOB_FAILED;
    }
}

int report_refusal(const struct settings *settings, const tm_client_event *error)
{
    size_t len;
    if (settings->json) {
        char *line = report_json_event(error, 0, &len);
        (void)output_print_owned(settings, line, len); /* the refusal is graver */
    } else {
        complain("the server refused: %s: %s", error->code ? error->code : "?",
                 error->message ? error->message : "?");
    }
    return EXIT_JOB_FAILED;
}

int report_time_over(void)
{
    complain("the time of --timeout is over");
    return EXIT_TIMED_OUT;
}
