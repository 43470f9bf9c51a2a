/* crash_report: see crash_report.h. Written by hand around the texts of the crashes, which are JSON
 * already: parsing a thousand of them would hold up everybody. */
#include "stats/crash_report.h"

#include "base/signal_name.h"
#include "common/log.h"
#include "jobs/crashes.h"
#include "jobs/pools.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static uint64_t ago_ms(const struct report *report, uint64_t then_us)
{
    return (report->pools->shared.timers->now_us - then_us) / 1000;
}

/* Names of modules and signals have no characters to escape. */
static void write_entry(FILE *out, const struct report *report, const struct crash_entry *entry)
{
    fprintf(out, "{\"fingerprint\":\"%08" PRIx32 "\",\"module\":\"%s\",\"signal\":\"%s\",",
            entry->fingerprint, entry->module, signal_name(entry->signal));
    fprintf(out, "\"first_ms\":%" PRIu64 ",\"last_ms\":%" PRIu64 ",\"count\":%" PRIu64 ",",
            ago_ms(report, entry->first_us), ago_ms(report, entry->last_us), entry->count);
    if (entry->last_job)
        fprintf(out, "\"last_job\":\"%s-%" PRIu64 "\",", report->boot, entry->last_job);
    else
        fputs("\"last_job\":null,", out);
    fprintf(out, "\"crash\":%s}", entry->text);
}

static FILE *open_text(char **text, size_t *len)
{
    FILE *out = open_memstream(text, len);
    if (out)
        return out;
    fatal(EX_OSERR, "cannot write a report");
}

char *report_crashes(const struct report *report, const char *module)
{
    char *text;
    size_t len;
    const struct crash_entry *entry;
    const char *separator = "";
    FILE *out = open_text(&text, &len);
    fputc('[', out);
    TAILQ_FOREACH (entry, &report->crashes->list, link) {
        if (*module && strcmp(entry->module, module) != 0)
            continue;
        fputs(separator, out);
        write_entry(out, report, entry);
        separator = ",";
    }
    fputc(']', out);
    if (fclose(out) != 0)
        fatal(EX_OSERR, "cannot write a report");
    return text;
}
