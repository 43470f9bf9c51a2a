/* submit: see submit.h. */
#include "gateway/api/submit.h"

#include "gateway/access/access.h"
#include "gateway/upstream/upstream.h"

void submit_name_user(struct submit *submit)
{
    const char *name = gateway_access_name(submit->exchange);
    if (name && upstream_has_right(submit->upstream, "relay"))
        json_writer_text(&submit->members, "for", name);
}
