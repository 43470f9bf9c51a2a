/* health: /healthz and /readyz. */
#include "gateway/api/api.h"

const struct api_route api_health_routes[] = {
    {.path = NULL},
};
