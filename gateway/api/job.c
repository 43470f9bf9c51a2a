/* job: one job, by its id. */
#include "gateway/api/api.h"

const struct api_route api_job_routes[] = {
    {.path = NULL},
};
