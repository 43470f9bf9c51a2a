/* metrics: see metrics.h. The families that each kind of daemon has are written here. */
#include "gateway/metrics/metrics.h"
#include "gateway/metrics/metric.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct exposition_label no_labels[EXPOSITION_LABELS_MAX];

static const struct metric common_rows[] = {
    {.name = "clients",
     .type = EXPOSITION_GAUGE,
     .path = "clients.connected",
     .help = "Connected clients."},
    {.name = "output_bytes",
     .type = EXPOSITION_GAUGE,
     .path = "output.bytes",
     .help = "Results and answers that clients have not taken."},
    {.name = "loop_lag_seconds",
     .type = EXPOSITION_GAUGE,
     .path = "process.loop_lag_us.max",
     .scale = 1000000,
     .help = "The longest turn of the event loop in the last minute."},
    {.name = "process_cpu_seconds_total",
     .type = EXPOSITION_COUNTER,
     .path = "process.cpu_us",
     .scale = 1000000,
     .help = "Processor time of the daemon itself."},
    {.name = "process_resident_memory_bytes",
     .type = EXPOSITION_GAUGE,
     .path = "process.rss",
     .help = "Resident memory of the daemon itself."},
    {.name = "process_open_fds",
     .type = EXPOSITION_GAUGE,
     .path = "process.descriptors",
     .help = "Open file descriptors of the daemon itself."},
};

void metrics_start_note(struct metrics_start *start, const json_t *stats, uint64_t now_ms)
{
    const char *boot = json_string_value(json_object_get(stats, "boot"));
    json_int_t uptime_ms = json_integer_value(json_object_get(stats, "uptime_ms"));
    if (!boot || strcmp(boot, start->boot) == 0)
        return;
    snprintf(start->boot, sizeof start->boot, "%s", boot);
    start->at_ms = now_ms - (uint64_t)uptime_ms;
}

static void write_up(struct exposition *exposition, const struct metrics_kind *kind, bool is_up)
{
    exposition_family(exposition, kind->prefix, "up", EXPOSITION_GAUGE,
                      "Whether the daemon has answered.");
    exposition_sample(exposition, "", no_labels, is_up, 1);
}

/* "taskmasterd/0.2.0" */
static void write_build(struct exposition *exposition, const struct metrics_kind *kind,
                        const json_t *stats)
{
    const char *server = json_string_value(json_object_get(stats, "server"));
    const char *slash = server ? strchr(server, '/') : NULL;
    struct exposition_label labels[EXPOSITION_LABELS_MAX] = {
        {"version", slash ? slash + 1 : "unknown"}};
    exposition_family(exposition, kind->prefix, "build_info", EXPOSITION_GAUGE,
                      "The daemon's release; always 1.");
    exposition_sample(exposition, "", labels, 1, 1);
}

static void write_start(struct exposition *exposition, const struct metrics_kind *kind,
                        const struct metrics_start *start)
{
    exposition_family(exposition, kind->prefix, "process_start_time_seconds", EXPOSITION_GAUGE,
                      "When the daemon was started, in seconds since 1970.");
    exposition_sample(exposition, "", no_labels, start->at_ms, 1000);
}

static void write_rows(struct exposition *exposition, const char *prefix, const struct metric *rows,
                       size_t count, const json_t *stats)
{
    for (size_t i = 0; i < count; i++)
        metric_write(exposition, prefix, &rows[i], stats);
}

void metrics_write(struct exposition *exposition, const struct metrics_kind *kind,
                   const json_t *stats, const struct metrics_start *start)
{
    write_up(exposition, kind, stats != NULL);
    if (!stats)
        return;
    write_build(exposition, kind, stats);
    write_start(exposition, kind, start);
    write_rows(exposition, kind->prefix, common_rows, sizeof common_rows / sizeof *common_rows,
               stats);
    write_rows(exposition, kind->prefix, kind->rows, kind->count, stats);
}
