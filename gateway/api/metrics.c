/* metrics: /metrics. */
#include "gateway/api/api.h"

const struct api_route api_metrics_routes[] = {
    {.path = NULL},
};
