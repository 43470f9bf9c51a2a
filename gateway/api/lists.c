/* lists. */
#include "gateway/api/api.h"

const struct api_route api_lists_routes[] = {
    {.path = NULL},
};
