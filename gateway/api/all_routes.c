/* all_routes: the lists of all resources, in the order in which they are searched. */
#include "gateway/api/api.h"

const struct api_route *const api_all_routes[] = {
    api_jobs_routes, /* first: the most frequent request */
    api_job_routes,
    api_lists_routes,
    api_control_routes,
    api_watch_routes,
    api_health_routes,
    api_metrics_routes,
    api_openapi_routes,
    api_history_routes,
    api_session_routes,
    api_page_routes,
    NULL,
};
