/* openapi: /v1/openapi.json. */
#include "gateway/api/api.h"

const struct api_route api_openapi_routes[] = {
    {.path = NULL},
};
