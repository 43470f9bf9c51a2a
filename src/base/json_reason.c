/* json_reason: see json_reason.h. */
#include "base/json_reason.h"

#include <string.h>

const char *json_reason(const json_error_t *error)
{
    static const char either[] = "'[' or '{' expected", array[] = "'[' or ";
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a text may not hold \\u0000";
    default: /* an array would be refused in the next step */
        if (strncmp(error->text, either, sizeof either - 1) == 0)
            return error->text + sizeof array - 1;
        return error->text;
    }
}
