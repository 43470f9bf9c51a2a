/* control: the operator's requests. */
#include "gateway/api/api.h"

const struct api_route api_control_routes[] = {
    {.path = NULL},
};
