/* session_clients: see session_clients.h. */
#include "session_clients.h"

#include "common/json_load.h"
#include "common/limits.h"
#include "common/log.h"
#include "session_live.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PEERS = 4,
    SUBMITS_MAX = 200, /* of one client */
    OUT_MAX = 64 * 1024,
    IN_MAX = 256 * 1024,
    SEND_BUFFER = 4096, /* of the master's sockets to clients; small, so that clients can be slow */
    LARGE = 18000,      /* bytes: a payload sent without a copy */
};

struct client {
    int fd; /* -1: none */
    bool clean, reading, was_lazy, half_closed, fatal, ended, greeted;
    struct buffer out, in;
    unsigned submits;
    unsigned char ends[SUBMITS_MAX];
    bool detached[SUBMITS_MAX]; /* a submit that ends with accepted */
    bool streams[SUBMITS_MAX];  /* asks for parts */
    unsigned parts[SUBMITS_MAX];
    bool bye; /* was said: nothing behind it is read */
    struct live live;
};

static struct client peers[PEERS];
static struct clients *clients; /* the master's */

void peers_reset(struct clients *of_master)
{
    clients = of_master;
    for (int i = 0; i < PEERS; i++)
        peers[i] = (struct client){.fd = -1};
}

static void connect_client(struct client *client)
{
    struct sockaddr addr = {.sa_family = AF_UNIX};
    int pair[2], room = SEND_BUFFER;
    make_pair(pair);
    bug_on(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) < 0);
    *client = (struct client){.fd = pair[1], .clean = true, .reading = true};
    client->out.max = OUT_MAX;
    client->in.max = IN_MAX;
    peers_accept(&clients->peers, pair[0], &addr, sizeof addr.sa_family);
}

static void leave(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    buffer_free(&client->out);
    buffer_free(&client->in);
}

static void flush_client(struct client *client, size_t most)
{
    size_t len = client->out.len < most ? client->out.len : most;
    if (!len || client->fd < 0 || client->half_closed)
        return;
    ssize_t n = send(client->fd, client->out.data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        buffer_drop(&client->out, (size_t)n);
    else if (n < 0 && errno != EAGAIN)
        client->ended = true;
}

/* The end of a job submitted for a service of the client is no submit's end. */
static bool is_for_service(const json_t *event)
{
    const json_t *submit = json_object_get(event, "submit_id");
    bug_on(submit && (json_object_get(event, "id") || !json_object_get(event, "service")));
    return submit;
}

/* Whether the submit of the event ends with it. */
static bool ends_detached(const struct client *client, const char *name, const json_t *event)
{
    json_int_t id = json_integer_value(json_object_get(event, "id"));
    return strcmp(name, "accepted") == 0 && id >= 0 && id < SUBMITS_MAX && client->detached[id];
}

/* In order, and before the end. */
static void take_part(struct client *client, const json_t *event)
{
    json_int_t id = json_integer_value(json_object_get(event, "id"));
    bug_on(id < 0 || id >= client->submits || !client->streams[id] || client->ends[id]);
    bug_on(json_integer_value(json_object_get(event, "seq")) != (json_int_t)client->parts[id]++);
}

static void take_event(struct client *client, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    const char *op = json_string_value(json_object_get(event, "op"));
    bool error = strcmp(name, "error") == 0;
    client->fatal |= json_is_true(json_object_get(event, "fatal"));
    bool end = strcmp(name, "done") == 0 || strcmp(name, "failed") == 0 ||
               strcmp(name, "overload") == 0 || (error && op && strcmp(op, "submit") == 0) ||
               ends_detached(client, name, event);
    if (is_for_service(event))
        return;
    if (client->clean)
        live_take(&client->live, name, event);
    if (client->clean && strcmp(name, "part") == 0)
        take_part(client, event);
    const json_t *id = json_object_get(event, "id");
    bug_on(end && !error && !id);
    if (!end || !client->clean || !json_is_integer(id))
        return;
    json_int_t number = json_integer_value(id);
    bug_on(number < 0 || number >= client->submits);
    bug_on(client->ends[number]++);
}

/* Takes one event with its payload. False if no event is whole. */
static bool next_event(struct client *client)
{
    const char *lf = client->in.len ? memchr(client->in.data, '\n', client->in.len) : NULL;
    if (!lf) {
        bug_on(client->in.len >= HEADER_MAX);
        return false;
    }
    size_t len = (size_t)(lf - client->in.data);
    bug_on(len + 1 > HEADER_MAX);
    json_error_t error;
    json_t *event = json_load_any(client->in.data, len, JSON_REJECT_DUPLICATES, &error);
    bug_on(!event);
    json_int_t size = json_integer_value(json_object_get(event, "size"));
    bug_on(size < 0);
    bool whole = client->in.len - len - 1 >= (size_t)size;
    if (whole) {
        take_event(client, event);
        buffer_drop(&client->in, len + 1 + (size_t)size);
    }
    json_decref(event);
    return whole;
}

static void read_client(struct client *client)
{
    if (client->fd < 0 || !client->reading)
        return;
    if (!buffer_receive(client->fd, &client->in))
        client->ended = true;
    while (next_event(client))
        ;
}

__attribute__((format(printf, 2, 3))) static void say(struct client *client, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    buffer_append(&client->out, line, (size_t)n);
}

static void greet(struct client *client)
{
    client->greeted = true;
    say(client, "{\"op\":\"hello\",\"protocol\":1,\"module\":\"wc\"}\n");
}

/* Wishes of live jobs. */
static void say_wishes(struct client *client, unsigned id, uint8_t more)
{
    client->streams[id] = more & 3;
    say(client, ",\"notify\":[\"started\"%s%s%s]", more & 3 ? ",\"part\"" : "",
        more & 4 ? ",\"progress\"" : "", more & 8 ? ",\"usage\"" : "");
    if (more & 16)
        say(client, ",\"soft_timeout_ms\":%u", 1u + more);
    if (more & 32)
        say(client, ",\"max_wait_ms\":%u", 1u + more * 4u);
    if (more & 64)
        say(client, ",\"link\":\"on-failure\"");
}

static void submit(struct client *client, struct input *input)
{
    static const char *const names[] = {"echo", "wc", "none", "echo"};
    uint8_t what = input_take(input);
    static char payload[LARGE];
    unsigned size = what & 1 ? input_take(input) * 10u : 0, id = client->submits;
    if (size > 2400)
        size = LARGE;
    if (id == SUBMITS_MAX || client->out.max - client->out.len < 1024 + size)
        return;
    client->submits++;
    say(client, "{\"op\":\"submit\",\"id\":%u,\"module\":\"%s\"", id, names[what >> 1 & 3]);
    if (what & 8)
        say(client, ",\"timeout_ms\":%u", 1 + input_take(input) * 4u);
    client->streams[id] = false;
    if ((what & 48) == 48)
        say_wishes(client, id, input_take(input));
    else if (what & 16)
        say(client, ",\"link\":true");
    else if (what & 32)
        say(client, ",\"notify\":[\"accepted\",\"started\"]");
    client->detached[id] = !(what & 48) && what & 128;
    if (client->detached[id])
        say(client, what & 64 ? ",\"service\":\"a\"" : ",\"detach\":true");
    if (what & 64)
        say(client, ",\"context\":{\"a\":[1.50, \"\\u0041\"]}");
    if (size)
        say(client, ",\"size\":%u", size);
    say(client, "}\r\n");
    memset(payload, what, size);
    buffer_append(&client->out, payload, size);
}

/* The requests without fields of their own to vary. */
static void operate(struct client *client, unsigned what)
{
    static const char *const requests[] = {
        "{\"op\":\"pause\"}\n",
        "{\"op\":\"resume\",\"pool\":\"default\"}\n",
        "{\"op\":\"resize\",\"pool_start\":0,\"pool_max\":1}\n",
        "{\"op\":\"resize\",\"pool_max\":5,\"job_max\":3}\n",
        "{\"op\":\"recycle\"}\n",
        "{\"op\":\"recycle\",\"worker\":2}\n",
        "{\"op\":\"reload\",\"id\":\"r\"}\n",
        "{\"op\":\"drain\",\"waiting\":\"run\"}\n",
        "{\"op\":\"drain\"}\n",
        "{\"op\":\"log-level\",\"level\":\"warn\"}\n",
        "{\"op\":\"reopen\"}\n",
        "{\"op\":\"watch\",\"what\":[\"jobs\",\"workers\",\"pools\",\"clients\"]}\n",
        "{\"op\":\"unwatch\"}\n",
        "{\"op\":\"kill\",\"worker\":1}\n",
        "{\"op\":\"kill\",\"worker\":3}\n",
        "{\"op\":\"register\",\"name\":\"a\"}\n",
        "{\"op\":\"register\",\"name\":\"b.c\"}\n",
        "{\"op\":\"unregister\",\"name\":\"a\"}\n",
        "{\"op\":\"services\"}\n",
        "{\"op\":\"jobs\",\"limit\":1}\n",
        "{\"op\":\"jobs\",\"limit\":1,\"after\":\"1-0\"}\n",
        "{\"op\":\"jobs\",\"limit\":1,\"after\":\"1-1\"}\n",
        "{\"op\":\"jobs\",\"state\":\"waiting\",\"after\":\"2-0\"}\n",
        "{\"op\":\"clients\",\"limit\":1}\n",
        "{\"op\":\"clients\",\"limit\":1,\"after\":\"2-0\"}\n",
        "{\"op\":\"status\",\"target\":0}\n",
        "{\"op\":\"status\",\"job\":\"boot-2\"}\n",
        "{\"op\":\"peek\",\"job\":\"boot-3\"}\n",
        "{\"op\":\"cancel\",\"select\":{\"state\":\"waiting\"}}\n",
        "{\"op\":\"kill\",\"select\":{\"pool\":\"default\"}}\n",
    };
    say(client, "%s", requests[what % (sizeof requests / sizeof *requests)]);
}

static void ask(struct client *client, struct input *input)
{
    unsigned target = client->submits ? input_take(input) % client->submits : 0;
    uint8_t what = input_take(input);
    switch (what % 8) {
    case 0:
        say(client, "{\"op\":\"cancel\",\"target\":%u}\n", target);
        break;
    case 1:
        say(client, "{\"op\":\"kill\",\"target\":%u}\n", target);
        break;
    case 2:
        say(client, "{\"op\":\"kill\",\"job\":\"boot-%u\"}\n", what / 8u);
        break;
    case 3:
        say(client, "{\"op\":\"stats\"}\n");
        break;
    case 4:
        say(client, what & 8 ? "{\"op\":\"workers\",\"id\":\"w\"}\n" : "{\"op\":\"crashes\"}\n");
        break;
    case 5:
        say(client,
            what & 8 ? "{\"op\":\"ping\",\"id\":\"p\",\"size\":3}\nabc" : "{\"op\":\"ping\"}\n");
        break;
    case 6:
        say(client, "{\"op\":\"set\",\"module\":\"echo\"}\n");
        break;
    default:
        if (what & 8)
            operate(client, what & 16 ? input_take(input) : what / 16u);
        else
            say(client, "{\"op\":\"hello\",\"protocol\":1,\"id\":\"again\"}\n");
    }
}

static void ask_live(struct client *client, struct input *input)
{
    char text[LIVE_TEXT_MAX];
    size_t len = live_ask(&client->live, input, clients->pools->shared.last_seq, text);
    buffer_append(&client->out, text, len);
}

static void say_bye(struct client *client)
{
    say(client, "{\"op\":\"bye\"}\n");
    client->bye = true;
}

static void speak(struct client *client, struct input *input)
{
    static const char endless[HEADER_MAX] = "{";
    uint8_t what = input_take(input);
    size_t len = what & 63;
    if (client->out.max - client->out.len < HEADER_MAX + 1024 || client->half_closed || client->bye)
        return;
    if (!client->greeted && what < 250)
        greet(client);
    if (what < 128) {
        submit(client, input);
    } else if (what < 170) {
        ask(client, input);
    } else if (what < 200) {
        ask_live(client, input);
    } else if (what == 254) {
        say_bye(client);
    } else if (what == 255) {
        buffer_append(&client->out, endless, sizeof endless);
        client->clean = false;
    } else {
        buffer_append(&client->out, input_bytes(input, &len), len);
        client->clean = false;
    }
}

void peers_act(struct input *input)
{
    struct client *client = &peers[input_take(input) % PEERS];
    uint8_t what = input_take(input);
    if (client->fd < 0) {
        connect_client(client);
        return;
    }
    switch (what % 12) {
    case 0:
        leave(client);
        break;
    case 1:
        if (client->out.len)
            break;
        client->half_closed = true;
        shutdown(client->fd, SHUT_WR);
        break;
    case 2:
        client->reading = false;
        client->was_lazy = true;
        break;
    case 3:
        client->reading = true;
        break;
    case 4:
        flush_client(client, input_take(input));
        break;
    case 5:
    case 6:
        flush_client(client, OUT_MAX);
        break;
    default:
        speak(client, input);
    }
}

void peers_read(void)
{
    for (int i = 0; i < PEERS; i++)
        read_client(&peers[i]);
}

void peers_go_on(void)
{
    for (int i = 0; i < PEERS; i++) {
        peers[i].reading = true;
        flush_client(&peers[i], OUT_MAX);
    }
}

static bool client_is_done(const struct client *client)
{
    return client->fd < 0 || client->ended || (!client->out.len && !client->in.len);
}

bool peers_are_done(void)
{
    for (int i = 0; i < PEERS; i++)
        if (!client_is_done(&peers[i]))
            return false;
    return true;
}

/* The server may end the connection of a slow client, so only open connections are judged. */
static void check_promise(const struct client *client)
{
    if (client->fd < 0 || !client->clean || client->fatal)
        return;
    if (client->ended && (client->was_lazy || !(client->half_closed || client->bye)))
        return;
    for (unsigned i = 0; i < client->submits; i++)
        bug_on(client->ends[i] != 1);
    live_check(&client->live);
}

void peers_check(void)
{
    for (int i = 0; i < PEERS; i++)
        check_promise(&peers[i]);
}

void peers_leave(void)
{
    for (int i = 0; i < PEERS; i++)
        leave(&peers[i]);
}
