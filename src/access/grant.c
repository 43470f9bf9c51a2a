/* grant: see grant.h. */
#include "access/grant.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

const struct grant grant_open = {.rights = RIGHTS_EVERY};

static size_t count_limits(const struct grant *grant)
{
    size_t count = 0;
    while (grant->limits && grant->limits[count])
        count++;
    return count;
}

void grant_free(struct grant *grant)
{
    for (size_t i = 0, count = count_limits(grant); i < count; i++)
        free(grant->limits[i]);
    free(grant->limits);
    free(grant->name);
    *grant = (struct grant){0};
}

void grant_limit(struct grant *grant, const char *limit)
{
    size_t count = count_limits(grant);
    grant->limits = xrealloc(grant->limits, (count + 2) * sizeof *grant->limits);
    grant->limits[count] = xstrdup(limit);
    grant->limits[count + 1] = NULL;
}

static bool is_same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool grant_equal(const struct grant *a, const struct grant *b)
{
    size_t count = count_limits(a);
    if (!is_same_name(a->name, b->name) || a->rights != b->rights || count != count_limits(b))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(a->limits[i], b->limits[i]) != 0)
            return false;
    return true;
}

bool grant_allows_name(const struct grant *grant, const char *kind, const char *name)
{
    size_t len = strlen(kind);
    bool limited = false;
    for (char **limit = grant->limits; *limit; limit++) {
        if (strncmp(*limit, kind, len) != 0)
            continue;
        if (strcmp(*limit + len, name) == 0)
            return true;
        limited = true;
    }
    return !limited;
}
