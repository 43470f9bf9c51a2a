/* secrets: see secrets.h. */
#include "common/secrets.h"

#include <string.h>
#include <strings.h>

/* "smtp_pass", "PASS", "proxyAuth", but not "passed" nor "author". */
static bool ends_with(const char *key, const char *end)
{
    size_t len = strlen(key), end_len = strlen(end);
    return len >= end_len && strcasecmp(key + len - end_len, end) == 0;
}

bool secrets_is_key(const char *key)
{
    static const char *const words[] = {
        "password",   "passwd",  "passphrase", "pwd",    "secret",    "token", "key",
        "credential", "private", "authoriz",   "cookie", "signature", "dsn"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(key, words[i]))
            return true;
    return ends_with(key, "pass") || ends_with(key, "auth");
}

static void hide_in_object(json_t *object)
{
    const char *key;
    json_t *member;
    json_object_foreach (object, key, member) {
        if (secrets_is_key(key))
            json_object_set_new(object, key, json_string("***"));
        else
            secrets_hide(member);
    }
}

void secrets_hide(json_t *value)
{
    size_t i;
    json_t *item;
    if (json_is_object(value))
        hide_in_object(value);
    json_array_foreach (value, i, item) {
        secrets_hide(item);
    }
}
