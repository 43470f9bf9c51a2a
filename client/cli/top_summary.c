/* top_summary: see top_summary.h. */
#include "top_summary.h"

#include "units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BAR = 20, BAR_FROM = 60 /* columns */, LATE_MS = 2000 };

/* Adds an item in printf form behind two blanks, if all of it fits. */
__attribute__((format(printf, 3, 4))) static void add(char text[TOP_SUMMARY_MAX], int cols,
                                                      const char *fmt, ...)
{
    char item[TOP_SUMMARY_MAX], clean[TOP_SUMMARY_MAX];
    size_t len = strlen(text), most = cols < TOP_SUMMARY_MAX ? (size_t)cols : TOP_SUMMARY_MAX - 1;
    va_list args;
    va_start(args, fmt);
    vsnprintf(item, sizeof item, fmt, args);
    va_end(args);
    top_clean(clean, sizeof clean, item);
    if (len + (len ? 2 : 0) + strlen(clean) <= most)
        snprintf(text + len, TOP_SUMMARY_MAX - len, "%s%s", len ? "  " : "", clean);
}

static const char *count(char text[UNITS_MAX], const struct top_model *model, const char *path)
{
    return units_count(text, top_model_figure(model, path));
}

static const char *size(char text[UNITS_MAX], const struct top_model *model, const char *path)
{
    return units_size(text, top_model_figure(model, path));
}

static const char *word(const struct top_model *model, const char *name)
{
    const char *text = json_string_value(json_object_get(model->stats, name));
    return text ? text : "?";
}

bool top_summary_is_late(const struct top_model *model)
{
    return model->silent_ms >= LATE_MS;
}

void top_summary_server(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model,
                        const char *server, bool frozen)
{
    char a[UNITS_MAX];
    *text = '\0';
    if (top_summary_is_late(model))
        add(text, cols, "NO ANSWER for %s", units_time(a, (uint64_t)model->silent_ms * 1000));
    if (frozen)
        add(text, cols, "FROZEN");
    if (json_is_true(json_object_get(model->stats, "draining")))
        add(text, cols, "DRAINING");
    add(text, cols, "%.40s", word(model, "server"));
    add(text, cols, "%.64s", server);
    add(text, cols, "up %s", units_time(a, top_model_figure(model, "uptime_ms") * 1000));
    add(text, cols, "%s clients", count(a, model, "clients.connected"));
    add(text, cols, "boot %.20s", word(model, "boot"));
}

static const char *rate(char text[UNITS_MAX], double value)
{
    if (value < 10)
        snprintf(text, UNITS_MAX, "%.1f", value);
    else
        units_count(text, (uint64_t)value);
    return text;
}

void top_summary_jobs(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model)
{
    char a[UNITS_MAX], b[UNITS_MAX];
    uint64_t oldest_ms = top_model_figure(model, "queue.oldest_ms");
    *text = '\0';
    add(text, cols, "Jobs    ");
    add(text, cols, "%6s/s", rate(a, model->rate));
    add(text, cols, "%s running", count(a, model, "jobs.running"));
    count(a, model, "queue.waiting");
    if (oldest_ms)
        add(text, cols, "%s waiting (%s)", a, units_time(b, oldest_ms * 1000));
    else
        add(text, cols, "%s waiting", a);
    add(text, cols, "%s failed", units_count(a, top_model_sum(model, "failed")));
    add(text, cols, "%s done", count(a, model, "jobs.done"));
    add(text, cols, "%s refused", units_count(a, top_model_sum(model, "overload")));
    add(text, cols, "%s orphaned", count(a, model, "jobs.orphaned"));
    add(text, cols, "%s dropped", count(a, model, "jobs.dropped"));
}

/* "[#####.....]": busy ones of all places. */
static void bar(char text[BAR + 3], uint64_t busy, uint64_t max)
{
    uint64_t full = max ? (busy < max ? busy : max) * BAR / max : 0;
    text[0] = '[';
    for (uint64_t i = 0; i < BAR; i++)
        text[1 + i] = i < full || (i == 0 && busy) ? '#' : '.';
    text[BAR + 1] = ']';
    text[BAR + 2] = '\0';
}

void top_summary_workers(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model)
{
    char a[UNITS_MAX], b[UNITS_MAX], shown[BAR + 3];
    bar(shown, top_model_figure(model, "pool.busy"), top_model_figure(model, "pool.max"));
    *text = '\0';
    add(text, cols, "Workers ");
    if (cols >= BAR_FROM)
        add(text, cols, "%s", shown);
    add(text, cols, "%s busy of %s", count(a, model, "pool.busy"), count(b, model, "pool.max"));
    add(text, cols, "%s idle", count(a, model, "pool.idle"));
    if (top_model_figure(model, "pool.dead"))
        add(text, cols, "%s DEAD", count(a, model, "pool.dead"));
    add(text, cols, "%s starting", count(a, model, "pool.starting"));
    add(text, cols, "%s stopping", count(a, model, "pool.stopping"));
    add(text, cols, "%s ended", count(a, model, "pool.exits"));
}

void top_summary_process(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model)
{
    char a[UNITS_MAX], b[UNITS_MAX];
    const json_t *lag = top_value(model->stats, "process.loop_lag_us");
    *text = '\0';
    add(text, cols, "Server  ");
    if (model->cpu >= 0)
        add(text, cols, "cpu %.0f%%", model->cpu * 100);
    add(text, cols, "rss %s", size(a, model, "process.rss"));
    if (lag)
        add(text, cols, "lag %s, max %s",
            units_time(a, (uint64_t)json_integer_value(json_object_get(lag, "p99"))),
            units_time(b, (uint64_t)json_integer_value(json_object_get(lag, "max"))));
    add(text, cols, "payloads %s of %s", size(a, model, "queue.bytes"),
        size(b, model, "queue.bytes_max"));
    add(text, cols, "output %s of %s", size(a, model, "output.bytes"),
        size(b, model, "output.bytes_max"));
    add(text, cols, "%s files", count(a, model, "process.descriptors"));
}
