/* findings: see findings.h. */
#include "client/doctor/findings.h"

#include "client/lib/clean.h"

#include <stdarg.h>
#include <string.h>

enum { TEXT_MAX = 1024 };

void findings_open(struct findings *findings)
{
    *findings = (struct findings){.list = json_array()};
}

void findings_close(struct findings *findings)
{
    json_decref(findings->list);
}

const char *findings_level_name(enum finding_level level)
{
    static const char *const names[] = {
        [FINDING_WARNING] = "warning",
        [FINDING_UNKNOWN] = "unknown",
        [FINDING_CRITICAL] = "critical",
    };
    return names[level];
}

static void drop_beyond_ascii(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > '~')
            *text = '?';
}

/* Texts of a server or of a file may be anything. */
static json_t *make_text(const char *fmt, va_list args)
{
    char text[TEXT_MAX];
    vsnprintf(text, sizeof text, fmt, args);
    tmc_clean(text);
    json_t *value = json_string(text);
    if (value)
        return value;
    drop_beyond_ascii(text);
    return json_string(text);
}

__attribute__((format(printf, 1, 2))) static json_t *text_in(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    json_t *text = make_text(fmt, args);
    va_end(args);
    return text;
}

void findings_tell(struct findings *findings, enum finding_level level, const char *check,
                   const char *kind, const char *name, const char *fmt, ...)
{
    json_t *about = text_in("%s%s%s", kind, name ? " " : "", name ? name : "");
    va_list args;
    va_start(args, fmt);
    json_t *text = make_text(fmt, args);
    va_end(args);
    findings->counts[level]++;
    json_array_append_new(findings->list,
                          json_pack("{sssssoso}", "level", findings_level_name(level), "check",
                                    check, "about", about, "text", text));
}

void findings_advise(struct findings *findings, const char *fmt, ...)
{
    json_t *last = json_array_get(findings->list, json_array_size(findings->list) - 1);
    va_list args;
    va_start(args, fmt);
    json_object_set_new(last, "advice", make_text(fmt, args));
    va_end(args);
}

int findings_status(const struct findings *findings)
{
    if (findings->counts[FINDING_CRITICAL])
        return 2;
    if (findings->counts[FINDING_UNKNOWN])
        return 3;
    return findings->counts[FINDING_WARNING] ? 1 : 0;
}

static const char *text_of(const json_t *finding, const char *key)
{
    const char *text = json_string_value(json_object_get(finding, key));
    return text ? text : "";
}

static void print_one(FILE *out, const json_t *finding)
{
    fprintf(out, "%-8s  %s: %s\n", text_of(finding, "level"), text_of(finding, "about"),
            text_of(finding, "text"));
    if (*text_of(finding, "advice"))
        fprintf(out, "%-8s  -> %s\n", "", text_of(finding, "advice"));
}

static void print_level(FILE *out, const struct findings *findings, enum finding_level level)
{
    size_t i;
    json_t *finding;
    json_array_foreach (findings->list, i, finding) {
        if (strcmp(text_of(finding, "level"), findings_level_name(level)) == 0)
            print_one(out, finding);
    }
}

void findings_print(FILE *out, const struct findings *findings)
{
    for (int level = FINDING_LEVELS - 1; level >= 0; level--)
        print_level(out, findings, (enum finding_level)level);
}
