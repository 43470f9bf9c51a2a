/* watch: events of everything. */
#include "gateway/api/api.h"

const struct api_route api_watch_routes[] = {
    {.path = NULL},
};
