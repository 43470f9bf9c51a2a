/* parts: see parts.h. */
#include "parts.h"

#include "fork_mark.h"

void parts_init(struct parts *parts, const struct worker_shared *shared, struct master_link *link)
{
    *parts = (struct parts){.shared = shared, .link = link};
}

void parts_begin(struct parts *parts, uint64_t job, bool wanted)
{
    parts->job = job;
    parts->wanted = wanted;
    parts->refused = false;
}

static bool are_unwanted(const struct parts *parts)
{
    return __atomic_load_n(&parts->shared->page.partless_job, __ATOMIC_RELAXED) == parts->job;
}

/* The module may have closed the connection, and opened a file in its place. */
static bool send_whole(struct parts *parts, const void *data, size_t len)
{
    struct wire_head head = {.type = WIRE_PART, .job = parts->job, .size = len};

    return master_link_is_whole(parts->link) &&
           master_link_send(parts->link, &head, NULL, data) == LINK_OK;
}

/* The parts may become unwanted while this one waits for room. */
int parts_send(struct parts *parts, const void *data, size_t len)
{
    if (!fork_mark_in_child() && !are_unwanted(parts) && send_whole(parts, data, len) &&
        !are_unwanted(parts))
        return 0;
    parts->refused = true;
    return -1;
}
