/* submit: see submit.h. */
#include "gateway/api/submit.h"

#include "gateway/access/access.h"
#include "gateway/api/owner.h"
#include "gateway/upstream/upstream.h"

#include <stdio.h>

static void add_name(struct submit *submit)
{
    const char *name = gateway_access_name(submit->exchange);
    if (name && upstream_has_right(submit->upstream, "relay"))
        json_writer_text(&submit->members, "for", name);
}

void submit_add_user(struct submit *submit, const char *key)
{
    char full_key[OWNER_KEY_MAX + 1];
    if (!submit->is_kept)
        add_name(submit);
    else if (owner_key(submit->exchange, key, full_key))
        json_writer_text(&submit->members, "key", full_key);
}

void submit_locate(struct http_exchange *exchange, const char *job)
{
    char path[HTTP_PART_MAX + 16];
    snprintf(path, sizeof path, "/v1/jobs/%s", job);
    http_header(exchange, "Location", path);
}
