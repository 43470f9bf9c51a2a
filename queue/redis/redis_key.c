/* redis_key: see redis_key.h. */
#include "queue/redis/redis_key.h"

#include <sha2.h>
#include <string.h>

static void add_text(SHA2_CTX *sha, const char *text, size_t len)
{
    SHA256Update(sha, (const uint8_t *)text, len);
}

void redis_key_hash(char hash[REDIS_KEY_HASH + 1], const struct stored_wish *wish)
{
    SHA2_CTX sha;
    *hash = '\0';
    if (!wish->key)
        return;
    SHA256Init(&sha);
    add_text(&sha, wish->owner, strlen(wish->owner) + 1);
    add_text(&sha, wish->module, strlen(wish->module) + 1);
    add_text(&sha, wish->key, strlen(wish->key));
    SHA256End(&sha, hash);
}
