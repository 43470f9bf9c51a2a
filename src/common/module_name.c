/* module_name: see module_name.h. */
#include "common/module_name.h"

#include "common/limits.h"

#include <string.h>

bool module_name_valid(const char *name, size_t len)
{
    if (len < 1 || len > MODULE_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}

size_t module_name_in(const char *file)
{
    size_t len = strlen(file);
    if (len <= 3 || strcmp(file + len - 3, ".so") != 0 || !module_name_valid(file, len - 3))
        return 0;
    return len - 3;
}
