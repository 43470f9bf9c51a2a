/* system_object: see system_object.h. */
#include "common/system_object.h"

#include <stddef.h>
#include <string.h>

bool system_object(const char *name)
{
    static const char *const beginnings[] = {"libc.so.", "libc-",    "libpthread.so.", "ld-linux",
                                             "ld-2.",    "ld64.so.", "linux-vdso"};

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}
