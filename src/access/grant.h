/* grant: what a token gives its clients: a name, rights, and limits to some of the rights. */
#ifndef TASKMASTER_ACCESS_GRANT_H
#define TASKMASTER_ACCESS_GRANT_H

#include "access/right.h"

#include <stdbool.h>

#define GRANT_MODULE  "module:"
#define GRANT_SERVICE "serve:"

/* Owns its texts. */
struct grant {
    char *name;      /* NULL: the token has none */
    unsigned rights; /* bits of enum access_right */
    char **limits;   /* "module:NAME", "serve:NAME", then NULL; NULL: there are none */
};

/* Of a server without tokens. */
extern const struct grant grant_open;

void grant_free(struct grant *grant);
bool grant_equal(const struct grant *a, const struct grant *b);

/* Adds a copy of a limit: GRANT_MODULE or GRANT_SERVICE, and a name. */
void grant_limit(struct grant *grant, const char *limit);

/* False if there are limits of this kind, and none of them has the name. */
bool grant_allows_name(const struct grant *grant, const char *kind, const char *name);

static inline bool grant_allows(const struct grant *grant, const char *kind, const char *name)
{
    return !grant->limits || grant_allows_name(grant, kind, name);
}

#endif
