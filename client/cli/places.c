/* places: see places.h. */
#include "places.h"

#include <stdlib.h>

const char *places_variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *place(const char *name, const char *otherwise)
{
    const char *value = places_variable(name);
    return value ? value : otherwise;
}

const char *places_server(void)
{
    return place("TASKMASTER_SERVER", DEFAULT_SERVER);
}

const char *places_queue(void)
{
    return place("TASKMASTER_QUEUE", DEFAULT_QUEUE);
}

const char *places_http(void)
{
    return place("TASKMASTER_HTTP", DEFAULT_HTTP);
}
