/* exposition: see exposition.h. */
#include "gateway/metrics/exposition.h"

#include "common/digits.h"
#include "common/xmalloc.h"

#include <string.h>

enum { FIRST_SIZE = 16 * 1024 };

static void put_bytes(struct exposition *exposition, const char *bytes, size_t len)
{
    while (exposition->size - exposition->len < len) {
        exposition->size *= 2;
        exposition->text = xrealloc(exposition->text, exposition->size);
    }
    memcpy(exposition->text + exposition->len, bytes, len);
    exposition->len += len;
}

static void put(struct exposition *exposition, const char *text)
{
    put_bytes(exposition, text, strlen(text));
}

void exposition_open(struct exposition *exposition)
{
    *exposition = (struct exposition){.text = xmalloc(FIRST_SIZE), .size = FIRST_SIZE};
}

char *exposition_close(struct exposition *exposition, size_t *len)
{
    *len = exposition->len;
    put_bytes(exposition, "", 1);
    return exposition->text;
}

static void put_name(struct exposition *exposition)
{
    put(exposition, exposition->prefix);
    put(exposition, exposition->family);
}

void exposition_family(struct exposition *exposition, const char *prefix, const char *name,
                       enum exposition_type type, const char *help)
{
    static const char *const types[] = {[EXPOSITION_COUNTER] = " counter\n",
                                        [EXPOSITION_GAUGE] = " gauge\n",
                                        [EXPOSITION_HISTOGRAM] = " histogram\n"};
    exposition->prefix = prefix;
    exposition->family = name;
    put(exposition, "# HELP ");
    put_name(exposition);
    put(exposition, " ");
    put(exposition, help);
    put(exposition, "\n# TYPE ");
    put_name(exposition);
    put(exposition, types[type]);
}

/* --- samples --- */

/* A backslash stands before these three in a label's value. */
static void put_escaped(struct exposition *exposition, const char *text)
{
    for (size_t len; *text; text += len) {
        len = strcspn(text, "\\\"\n");
        put_bytes(exposition, text, len);
        if (!text[len])
            return;
        put(exposition, text[len] == '\n' ? "\\n" : text[len] == '"' ? "\\\"" : "\\\\");
        len++;
    }
}

static void put_labels(struct exposition *exposition, const struct exposition_label *labels)
{
    const char *before = "{";
    for (int i = 0; i < EXPOSITION_LABELS_MAX; i++) {
        if (!labels[i].value)
            continue;
        put(exposition, before);
        put(exposition, labels[i].name);
        put(exposition, "=\"");
        put_escaped(exposition, labels[i].value);
        put(exposition, "\"");
        before = ",";
    }
    if (*before == ',')
        put(exposition, "}");
}

void exposition_value(char text[EXPOSITION_VALUE_MAX], uint64_t value, uint32_t scale)
{
    uint64_t whole = value / scale, rest = value % scale;
    size_t len = digits_count(whole);
    digits_write(text, len, whole);
    if (rest)
        text[len++] = '.';
    for (; rest; rest = rest * 10 % scale)
        text[len++] = (char)('0' + rest * 10 / scale);
    text[len] = '\0';
}

void exposition_sample(struct exposition *exposition, const char *suffix,
                       const struct exposition_label labels[EXPOSITION_LABELS_MAX], uint64_t value,
                       uint32_t scale)
{
    char text[EXPOSITION_VALUE_MAX];
    exposition_value(text, value, scale);
    put_name(exposition);
    put(exposition, suffix);
    put_labels(exposition, labels);
    put(exposition, " ");
    put(exposition, text);
    put(exposition, "\n");
}
