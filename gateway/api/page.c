/* page: /, /app/.... */
#include "gateway/api/api.h"

const struct api_route api_page_routes[] = {
    {.path = NULL},
};
