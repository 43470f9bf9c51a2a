/* job_origin: see job_origin.h. */
#include "jobs/job_origin.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

/* Copies the text to `*at`, and moves `*at` behind it. */
static const char *put(char **at, const char *text)
{
    if (!text)
        return NULL;
    char *copy = *at;
    *at = stpcpy(copy, text) + 1;
    return copy;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

struct job_origin *job_origin_new(const char *owner, const char *id, const char *client)
{
    size_t size = size_of(owner) + size_of(id) + size_of(client);
    struct job_origin *origin = xcalloc(1, sizeof *origin + size);
    char *at = origin->text;
    origin->refs = 1;
    origin->owner = put(&at, owner);
    origin->id = put(&at, id);
    origin->client = put(&at, client);
    return origin;
}

struct job_origin *job_origin_ref(struct job_origin *origin)
{
    if (origin)
        origin->refs++;
    return origin;
}

void job_origin_unref(struct job_origin *origin)
{
    if (origin && --origin->refs == 0)
        free(origin);
}
