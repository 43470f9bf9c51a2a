/* owner: see owner.h. */
#include "gateway/api/owner.h"

#include "base/boot_id.h"
#include "gateway/access/access.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

size_t owner_key_room(struct http_exchange *exchange)
{
    const char *name = gateway_access_name(exchange);
    return OWNER_KEY_MAX - (name ? strlen(name) + 1 : 0);
}

/* A text that no job has had, over all restarts. */
static void draw(char *to, size_t size)
{
    static char boot[BOOT_ID_MAX];
    static uint64_t drawn;
    if (!drawn)
        boot_id_make(boot);
    snprintf(to, size, "~%s-%" PRIu64, boot, ++drawn);
}

bool owner_key(struct http_exchange *exchange, const char *key, char to[OWNER_KEY_MAX + 1])
{
    const char *name = gateway_access_name(exchange);
    char drawn[BOOT_ID_MAX + 24];
    if (!key && !name)
        return false;
    if (!key)
        draw(drawn, sizeof drawn);
    snprintf(to, OWNER_KEY_MAX + 1, "%s%s%s", name ? name : "", name ? "/" : "", key ? key : drawn);
    return true;
}

bool owner_has(struct http_exchange *exchange, const json_t *status, bool kept)
{
    const char *name = gateway_access_name(exchange);
    const char *text = json_string_value(json_object_get(status, kept ? "key" : "owner"));
    if (!name || !text)
        return false;
    size_t len = strlen(name);
    return strncmp(text, name, len) == 0 && text[len] == (kept ? '/' : '\0');
}
