/* prefer: see prefer.h. */
#include "gateway/api/prefer.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char blanks[] = " \t";

enum { SECONDS_MAX = 2147483 }; /* as milliseconds, the most that a daemon takes */

bool prefer_seconds(const char *text, uint64_t *ms)
{
    uint64_t seconds = 0;
    size_t len = strspn(text, "0123456789");
    for (size_t i = 0; i < len; i++) {
        seconds = seconds * 10 + (uint64_t)(text[i] - '0');
        if (seconds > SECONDS_MAX)
            seconds = SECONDS_MAX;
    }
    *ms = seconds * 1000;
    return len > 0 && !text[len];
}

/* Copies a token or a quoted string, without its blanks and quotes. */
static void copy_word(char *to, size_t size, const char *text, size_t len)
{
    size_t skip = strspn(text, blanks);
    skip = skip < len ? skip : len;
    text += skip;
    len -= skip;
    while (len && strchr(blanks, text[len - 1]))
        len--;
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
        text++;
        len -= 2;
    }
    len = len < size ? len : 0; /* no preference of ours is so long */
    memcpy(to, text, len);
    to[len] = '\0';
}

/* One preference: "wait=10", perhaps with parameters behind a semicolon. */
static void read_one(struct prefer *prefer, const char *text, size_t len)
{
    char name[32], value[32] = "";
    size_t end = strcspn(text, ";");
    end = end < len ? end : len;
    size_t name_len = strcspn(text, "=;");
    copy_word(name, sizeof name, text, name_len < end ? name_len : end);
    if (name_len < end)
        copy_word(value, sizeof value, text + name_len + 1, end - name_len - 1);
    if (strcasecmp(name, "respond-async") == 0)
        prefer->respond_async = true;
    else if (strcasecmp(name, "wait") == 0 && !prefer->has_wait) /* the first counts */
        prefer->has_wait = prefer_seconds(value, &prefer->wait_ms);
}

/* Up to the next comma that stands in no quoted string. */
static size_t member_len(const char *text)
{
    bool is_quoted = false;
    size_t len = 0;
    for (; text[len] && (is_quoted || text[len] != ','); len++) {
        if (text[len] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && text[len] == '\\' && text[len + 1])
            len++;
    }
    return len;
}

struct prefer prefer_read(const char *value)
{
    struct prefer prefer = {.respond_async = false};
    while (value && *value) {
        size_t len = member_len(value);
        read_one(&prefer, value, len);
        value += len + (value[len] == ',');
    }
    if (!prefer.has_wait)
        prefer.wait_ms = 0;
    return prefer;
}
