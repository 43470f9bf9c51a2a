/* service_name: see service_name.h. */
#include "common/service_name.h"

#include "common/limits.h"
#include "common/module_name.h"

static bool is_valid(char c)
{
    return c == '.' || module_name_valid(&c, 1);
}

bool service_name_valid(const char *name, size_t len)
{
    if (len < 1 || len > SERVICE_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_valid(name[i]))
            return false;
    return true;
}
