/* report: see report.h. */
#include "gateway/report.h"

#include "base/descriptors.h"
#include "base/figures.h"
#include "base/payload.h"
#include "base/process_report.h"
#include "common/log.h"
#include "gateway/http/http.h"

#include <taskmaster/version.h>

void gateway_report_begin(struct gateway_report *report)
{
    boot_id_make(report->boot);
    report->started_us = report->conns->timers->now_us;
    report->own_descriptors = descriptors_count_low() - log_descriptors();
}

/* The last turn's work ended where this turn began. */
void gateway_report_turn(struct gateway_report *report, uint64_t begun_us)
{
    if (report->woke_us)
        lag_add(&report->lag, begun_us - report->woke_us, begun_us);
    report->woke_us =
        report->conns->began_us ? report->conns->began_us : report->conns->timers->now_us;
}

static json_t *object_of(const char *key, uint64_t value)
{
    json_t *object = json_object();
    figures_set(object, key, value);
    return object;
}

static json_t *requests_report(const struct gateway_report *report)
{
    json_t *requests = object_of("ended", *report->requests);
    figures_set(requests, "open", http_server_exchanges(report->server));
    return requests;
}

json_t *gateway_report_stats(struct gateway_report *report)
{
    uint64_t now_us = report->conns->timers->now_us;
    size_t descriptors = report->own_descriptors + log_descriptors() + report->conns->open;
    json_t *stats = json_object();
    figures_set_text(stats, "server", "taskmaster-http/" TASKMASTER_VERSION);
    figures_set_text(stats, "boot", report->boot);
    figures_set(stats, "uptime_ms", (now_us - report->started_us) / 1000);
    json_object_set_new(stats, "requests", requests_report(report));
    json_object_set_new(stats, "clients",
                        object_of("connected", http_server_connections(report->server)));
    json_object_set_new(stats, "output", object_of("bytes", report->conns->output->held));
    json_object_set_new(stats, "process", process_report(&report->lag, now_us, descriptors));
    return stats;
}
