/* jobs: submits. */
#include "gateway/api/api.h"

const struct api_route api_jobs_routes[] = {
    {.path = NULL},
};
