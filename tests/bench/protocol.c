/* protocol: see protocol.h. */
#include "protocol.h"

#include <string.h>

const struct protocol *protocol_find(const char *name)
{
    static const struct protocol *const all[] = {
        &protocol_relay,   &protocol_taskmaster,   &protocol_taskmaster_64, &protocol_taskqueued,
        &protocol_gearman, &protocol_gearman_kept, &protocol_beanstalk,     &protocol_redis};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i]->name, name))
            return all[i];
    die("no protocol is called %s", name);
}
