/* redis_greeting: see redis_greeting.h. */
#include "queue/redis/redis_greeting.h"

#include "queue/redis/redis_command.h"
#include "queue/redis/scripts.h"
#include "queue/redis/settings.h"

#include <stdio.h>

/* --- asking --- */

static const char *password_of(const struct redis_settings *settings)
{
    return settings->passwords.count ? settings->passwords.tokens[0].text : NULL;
}

/* Without a user Redis takes the password of its default user. A user without a password may enter
 * with any. */
static size_t ask_entry(const struct redis_settings *settings, struct conn *conn)
{
    const char *password = password_of(settings);
    if (settings->user)
        REDIS_COMMAND(conn, "AUTH", settings->user, password ? password : "");
    else if (password)
        REDIS_COMMAND(conn, "AUTH", password);
    return settings->user || password;
}

static size_t ask_database(const struct redis_settings *settings, struct conn *conn)
{
    char number[16];
    if (!settings->database)
        return 0;
    snprintf(number, sizeof number, "%u", settings->database);
    REDIS_COMMAND(conn, "SELECT", number);
    return 1;
}

void redis_greeting_ask(struct redis_greeting *greeting, struct conn *conn)
{
    greeting->taken = 0;
    greeting->awaited = ask_entry(greeting->settings, conn);
    if (greeting->is_listener) {
        REDIS_COMMAND(conn, "PING");
        greeting->awaited++;
        return;
    }
    greeting->awaited += ask_database(greeting->settings, conn);
    REDIS_COMMAND(conn, "INFO");
    greeting->awaited++;
    for (size_t i = 0; i < greeting->script_count; i++)
        REDIS_COMMAND(conn, "SCRIPT", "LOAD", greeting->scripts[i].text);
    greeting->awaited += greeting->script_count;
}

/* --- judging --- */

/* Errors of a server that does not let us in. */
static const struct {
    const char *code, *expected, *hint;
} refusals[] = {
    {"WRONGPASS", "another password, or another user",
     "compare redis-password-file and redis-user with the requirepass or the ACL of Redis"},
    {"ERR AUTH", "a Redis with a password",
     "this Redis has none: set requirepass there, or leave redis-password-file out"},
    {"ERR DB", "a database with this number",
     "redis-database must be less than `databases` in redis.conf"},
    {"NOAUTH", "a password", "name a file with it in redis-password-file"},
    {"NOPERM", "more rights for this user", "doc/cluster.md has the line for Redis's ACL"},
    {"DENIED", "a Redis that lets other machines in",
     "protected mode is on: set a password in Redis (requirepass or ACL), then it lets others in"},
};

static bool judge_error(const struct redis_reply *reply, struct redis_fault *fault)
{
    snprintf(fault->found, sizeof fault->found, "%s", reply->text);
    fault->expected = fault->hint = NULL;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (redis_reply_begins(reply, refusals[i].code)) {
            fault->expected = refusals[i].expected;
            fault->hint = refusals[i].hint;
        }
    return false;
}

/* Of an answer that was just counted: only those of the scripts come behind it. */
static bool is_info(const struct redis_greeting *greeting)
{
    return !greeting->is_listener && greeting->awaited - greeting->taken == greeting->script_count;
}

bool redis_greeting_take(struct redis_greeting *greeting, const struct redis_reply *reply,
                         struct redis_fault *fault)
{
    greeting->taken++;
    if (reply->type == REPLY_ERROR)
        return judge_error(reply, fault);
    if (!is_info(greeting))
        return true;
    redis_info_read(&greeting->info, reply->text, reply->len);
    return redis_info_is_fit(&greeting->info, greeting->settings->is_unsafe, fault);
}

bool redis_greeting_is_whole(const struct redis_greeting *greeting)
{
    return greeting->taken == greeting->awaited;
}
