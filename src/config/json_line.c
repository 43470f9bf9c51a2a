/*
 * json_line: see json_line.h.
 *
 * The text is well formed, so a walk can step from quote to quote and from bracket to bracket. It
 * need not understand values.
 */
#include "config/json_line.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct scan {
    const char *at;
    unsigned line;
};

static void skip_blanks(struct scan *scan)
{
    for (; *scan->at && strchr(" \t\r\n", *scan->at); scan->at++)
        scan->line += *scan->at == '\n';
}

/* From the opening quote to behind the closing one. A string holds no bare LF. */
static void skip_string(struct scan *scan)
{
    for (scan->at++; *scan->at && *scan->at != '"'; scan->at++)
        if (scan->at[0] == '\\' && scan->at[1])
            scan->at++;
    if (*scan->at)
        scan->at++;
}

/* To the comma or bracket behind the value. */
static void skip_value(struct scan *scan)
{
    size_t depth = 0;
    while (*scan->at) {
        if (*scan->at == '"') {
            skip_string(scan);
            continue;
        }
        bool ends = strchr("}]", *scan->at) != NULL;
        if (depth == 0 && (ends || *scan->at == ','))
            return;
        depth += strchr("{[", *scan->at) != NULL;
        depth -= ends;
        scan->line += *scan->at == '\n';
        scan->at++;
    }
}

/* Whether the quoted text from `start` to `end` says `key`; it may spell it with escapes. */
static bool says(const char *start, const char *end, const char *key)
{
    json_t *decoded = json_loadb(start, (size_t)(end - start), JSON_DECODE_ANY, NULL);
    bool same = decoded && strcmp(json_string_value(decoded), key) == 0;
    json_decref(decoded);
    return same;
}

/* From an opening brace to the value of a key in it. The key's line, or 0. */
static unsigned enter(struct scan *scan, const char *key)
{
    if (*scan->at != '{')
        return 0;
    do {
        scan->at++;
        skip_blanks(scan);
        if (*scan->at != '"')
            return 0;
        const char *start = scan->at;
        unsigned line = scan->line;
        skip_string(scan);
        bool found = says(start, scan->at, key);
        skip_blanks(scan);
        scan->at++; /* the colon */
        skip_blanks(scan);
        if (found)
            return line;
        skip_value(scan);
    } while (*scan->at == ',');
    return 0;
}

unsigned json_key_line(const char *text, const char *const *path, size_t depth)
{
    struct scan scan = {.at = text, .line = 1};
    unsigned deepest = 0;
    skip_blanks(&scan);
    for (size_t i = 0; i < depth; i++) {
        unsigned line = enter(&scan, path[i]);
        if (line == 0)
            break;
        deepest = line;
    }
    return deepest;
}

bool json_last_key(const char *text, const char *end, char *key, size_t size)
{
    struct scan scan = {.at = text, .line = 1};
    bool found = false;
    while (*scan.at && scan.at < end) {
        if (*scan.at != '"') {
            scan.at++;
            continue;
        }
        const char *start = scan.at + 1;
        skip_string(&scan);
        size_t len = (size_t)(scan.at - start) - 1;
        skip_blanks(&scan);
        if (*scan.at != ':' || scan.at >= end)
            continue;
        found = len < size;
        if (found)
            snprintf(key, size, "%.*s", (int)len, start);
    }
    return found;
}
