/* crash_report: see crash_report.h. Written by hand around the texts of the crashes, which are JSON
 * already: parsing a thousand of them would hold up everybody. */
#include "stats/crash_report.h"

#include "base/json_writer.h"
#include "base/signal_name.h"
#include "jobs/crashes.h"
#include "jobs/pools.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t ago_ms(const struct report *report, uint64_t then_us)
{
    return (report->pools->shared.timers->now_us - then_us) / 1000;
}

static void write_entry(struct json_writer *json, const struct report *report,
                        const struct crash_entry *entry)
{
    char fingerprint[16], job[64];
    snprintf(fingerprint, sizeof fingerprint, "%08" PRIx32, entry->fingerprint);
    snprintf(job, sizeof job, "%s-%" PRIu64, report->boot, entry->last_job);
    json_writer_begin(json, NULL, '{');
    json_writer_text(json, "fingerprint", fingerprint);
    json_writer_text(json, "module", entry->module);
    json_writer_text(json, "signal", signal_name(entry->signal));
    json_writer_uint(json, "first_ms", ago_ms(report, entry->first_us));
    json_writer_uint(json, "last_ms", ago_ms(report, entry->last_us));
    json_writer_uint(json, "count", entry->count);
    json_writer_text(json, "last_job", entry->last_job ? job : NULL);
    json_writer_json(json, "crash", entry->text, strlen(entry->text));
    json_writer_end(json, '}');
}

char *report_crashes(const struct report *report, const char *module)
{
    struct json_writer json;
    const struct crash_entry *entry;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    TAILQ_FOREACH (entry, &report->crashes->list, link)
        if (!*module || strcmp(entry->module, module) == 0)
            write_entry(&json, report, entry);
    json_writer_end(&json, ']');
    return json_writer_close(&json);
}
