/* history: /v1/history. */
#include "gateway/api/api.h"

const struct api_route api_history_routes[] = {
    {.path = NULL},
};
