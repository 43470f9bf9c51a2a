/* module_name: see module_name.h. */
#include "common/module_name.h"

#include "common/limits.h"

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
