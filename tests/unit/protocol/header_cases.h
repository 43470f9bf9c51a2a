/*
 * header_cases: reads headers/FIELD.txt: a header line and the verdict on it, many to a file.
 * headers/README.md describes the format.
 */
#ifndef TASKMASTER_TESTS_UNIT_PROTOCOL_HEADER_CASES_H
#define TASKMASTER_TESTS_UNIT_PROTOCOL_HEADER_CASES_H

#include "tests/unit/support.h"

#include <dirent.h>
#include <libgen.h>

enum { HEADER_CASES_MAX = 2000, HEADER_FILE_MAX = 256 * 1024 };

struct header_case {
    char *name;
    char *line; /* memory of just its length: the sanitizer sees a read too far */
    size_t len;
    char *wanted; /* lines: the verdict, then KEY VALUE */
};

struct header_cases {
    struct header_case items[HEADER_CASES_MAX];
    size_t count;
};

static inline _Noreturn void header_cases_fail(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

static inline char *header_cases_copy(const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, len);
    return copy;
}

static inline unsigned header_cases_hex(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The line behind "> ", to the letter, or behind "% ", with %hh for a byte. */
static inline void header_cases_take_line(struct header_case *item, const char *path,
                                          const char *text)
{
    static char bytes[HEADER_FILE_MAX];
    bool escaped = text[0] == '%';
    size_t len = 0;
    if (text[0] != '>' && !escaped)
        header_cases_fail(path, "a case's second line begins with neither > nor %");
    for (text += text[1] ? 2 : 1; *text; text++) {
        bytes[len++] = *text;
        if (!escaped || *text != '%')
            continue;
        bytes[len - 1] = (char)(header_cases_hex(text[1]) << 4 | header_cases_hex(text[2]));
        text += 2;
    }
    item->line = header_cases_copy(bytes, len);
    item->len = len;
}

/* One case: "= NAME", the header, the verdict; up to an empty line. */
static inline void header_cases_take(struct header_cases *cases, const char *path, char *text)
{
    struct header_case *item = &cases->items[cases->count++];
    char *line = strchr(text, '\n'), *wanted = line ? strchr(line + 1, '\n') : NULL;
    if (strncmp(text, "= ", 2) != 0 || !wanted || cases->count == HEADER_CASES_MAX)
        header_cases_fail(path, "a case without a name, a header or a verdict, or one too many");
    *line++ = *wanted++ = '\0';
    item->name = header_cases_copy(text + 2, strlen(text + 2) + 1);
    header_cases_take_line(item, path, line);
    item->wanted = header_cases_copy(wanted, strlen(wanted) + 1);
}

static inline void header_cases_read(struct header_cases *cases, const char *path)
{
    static char text[HEADER_FILE_MAX];
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, sizeof text, file) : 0;
    if (!len || len == sizeof text)
        header_cases_fail(path, "not readable, empty or too long");
    fclose(file);
    text[len] = '\0';
    for (char *at = text, *end; at; at = end ? end + 2 : NULL) {
        end = strstr(at, "\n\n");
        if (end)
            *end = '\0';
        header_cases_take(cases, path, at);
    }
}

static inline int header_cases_is_text(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".txt") == 0;
}

/* Reads the folder `headers` beside this file, as it was built, or $TEST_HEADERS. */
static inline void header_cases_load(struct header_cases *cases)
{
    char source[] = __FILE__, folder[512], path[1024];
    const char *given = getenv("TEST_HEADERS");
    struct dirent **files;
    snprintf(folder, sizeof folder, "%s%s", given ? given : dirname(source),
             given ? "" : "/headers");
    int count = scandir(folder, &files, header_cases_is_text, alphasort);
    if (count <= 0)
        header_cases_fail(folder, "holds no cases: start the test in the root of the tree");
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        header_cases_read(cases, path);
        free(files[i]);
    }
    free(files);
}

static inline void header_cases_free(struct header_cases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        free(cases->items[i].name);
        free(cases->items[i].line);
        free(cases->items[i].wanted);
    }
    cases->count = 0;
}

#endif
