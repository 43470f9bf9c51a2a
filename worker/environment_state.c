/* environment_state: see environment_state.h. */
#include "environment_state.h"

#include "common/xmalloc.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct environment_state {
    size_t count;
    size_t len;
    char **variables; /* NULL-terminated, pointing into `texts`; environ points at it */
    char *texts;      /* all variables, each with its NUL */
    char *saved;      /* the same bytes, unknown to modules */
};

struct environment_state *environment_state_take(void)
{
    struct environment_state *e = xcalloc(1, sizeof(*e));

    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        e->count++;
        e->len += strlen(*variable) + 1;
    }
    e->variables = xcalloc(e->count + 1, sizeof(*e->variables));
    e->texts = xmalloc(e->len + 1);
    e->saved = xmalloc(e->len + 1);
    char *end = e->saved;
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
        end = stpcpy(end, *variable) + 1;
    return e;
}

static bool is_set(const struct environment_state *e)
{
    const char *text = e->texts;

    if (environ != e->variables || memcmp(e->texts, e->saved, e->len) != 0)
        return false;
    for (size_t i = 0; i < e->count; i++) {
        if (e->variables[i] != text)
            return false;
        text += strlen(text) + 1;
    }
    return e->variables[e->count] == NULL;
}

/* tzset(): the C library remembers the time zone of an earlier TZ. */
void environment_state_set(struct environment_state *e)
{
    if (is_set(e))
        return;
    memcpy(e->texts, e->saved, e->len);
    char *text = e->texts;
    for (size_t i = 0; i < e->count; i++) {
        e->variables[i] = text;
        text += strlen(text) + 1;
    }
    e->variables[e->count] = NULL;
    environ = e->variables;
    tzset();
}

bool environment_state_same(const struct environment_state *a, const struct environment_state *b)
{
    return a->count == b->count && a->len == b->len && memcmp(a->saved, b->saved, a->len) == 0;
}

void environment_state_free(struct environment_state *e)
{
    if (e == NULL)
        return;
    free(e->variables);
    free(e->texts);
    free(e->saved);
    free(e);
}
