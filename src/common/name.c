/* name: see name.h. */
#include "common/name.h"

#include "common/limits.h"

#include <string.h>

/* `also`: one more character allowed. */
static inline bool is_valid(const char *name, size_t len, size_t most, char also)
{
    if (len < 1 || len > most)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == also))
            return false;
    }
    return true;
}

bool module_name_valid(const char *name, size_t len)
{
    return is_valid(name, len, MODULE_NAME_MAX, '_');
}

size_t module_name_in(const char *file)
{
    size_t len = strlen(file);
    if (len <= 3 || strcmp(file + len - 3, ".so") != 0 || !module_name_valid(file, len - 3))
        return 0;
    return len - 3;
}

bool service_name_valid(const char *name, size_t len)
{
    return is_valid(name, len, SERVICE_NAME_MAX, '.');
}
