/*
 * test_request: the verdicts on the headers in headers/, and on headers too large for a file there.
 * headers/README.md describes the files.
 */
#include "protocol/request.h"

#include "clients/ops/ops.h"
#include "clients/ops/submit_scan.h"
#include "tests/unit/protocol/header_cases.h"
#include "tests/unit/support.h"

enum {
    PAYLOAD_MAX = 16 * 1024 * 1024,
    CASES_A_TEST = 8, /* a process for each would take most of the time */
    HURT = 20000,
};

static struct header_cases headers;
static struct client_request general, client;
static struct request *const request = &client.peer.base;

static const struct protocol protocol = {
    .operations = client_ops,
    .request = &client.peer.base,
    .request_size = sizeof client,
    .scanned_size = CLIENT_REQUEST_SCANNED,
    .scan = submit_scan,
};
static const struct protocol general_protocol = {
    .operations = client_ops,
    .request = &general.peer.base,
    .request_size = sizeof general,
};

/* --- the fields as texts --- */

static const char *const field_names[] = {
    "op",      "id",          "size",          "module",        "context",     "client",
    "token",   "token_wrong", "job",           "target",        "timeout_ms",  "soft_timeout_ms",
    "link",    "notify",      "ignored",       "ignored_count", "origin",      "attempt",
    "for",     "rights",      "pool",          "worker",        "pool_start",  "pool_max",
    "job_max", "waiting",     "level",         "detach",        "max_wait_ms", "name",
    "service", "state",       "client_number", "limit",         "after",       "what",
    "ref",     "workers",
};

static const char *const waiting_words[] = {"", "fail", "run"};
static const char *const state_words[] = {"", "waiting", "running", "stopping"};
static const char *const level_words[] = {"", "debug", "info", "warn", "error"};

static const char *const notify_words[] = {"accepted", "started", "progress",
                                           "part",     "usage",   NULL};
static const char *const what_words[] = {"jobs", "workers", "pools", "clients", NULL};

static void show_words(char *text, size_t size, const char *const *words, uint32_t bits)
{
    size_t len = 0;
    for (size_t i = 0; words[i]; i++)
        if (bits & 1u << i)
            len += (size_t)snprintf(text + len, size - len, "%s%s", len ? " " : "", words[i]);
}

/* The field as the cases have it; empty if it is as if not given. */
static const char *field_text(const struct client_request *r, const char *name)
{
    static char text[2 * CONTEXT_MAX];
    text[0] = '\0';
    if (strcmp(name, "op") == 0 && r->peer.base.op.len) /* its quotes go without saying */
        snprintf(text, sizeof text, "%.*s", (int)r->peer.base.op.len - 2, r->peer.base.op.text + 1);
    if (strcmp(name, "op") == 0)
        return text;
    if (strcmp(name, "module") == 0)
        return r->peer.module.text;
    if (strcmp(name, "client") == 0)
        return r->peer.base.client.text;
    if (strcmp(name, "token") == 0)
        return r->peer.base.token.text;
    if (strcmp(name, "job") == 0)
        return r->job.text;
    if (strcmp(name, "id") == 0)
        return r->peer.base.id.text;
    if (strcmp(name, "target") == 0)
        return r->target.text;
    if (strcmp(name, "ref") == 0)
        return r->peer.ref.text;
    if (strcmp(name, "context") == 0)
        return r->peer.base.context.text;
    if (strcmp(name, "ignored") == 0)
        return r->peer.base.ignored.text;
    if (strcmp(name, "pool") == 0)
        return r->pool.text;
    if (strcmp(name, "after") == 0)
        return r->peer.after.text;
    if (strcmp(name, "name") == 0)
        return r->name.text;
    if (strcmp(name, "service") == 0)
        return r->service.text;
    if (strcmp(name, "origin") == 0)
        return r->origin.text;
    if (strcmp(name, "for") == 0)
        return r->owner.text;
    if (strcmp(name, "rights") == 0)
        return r->peer.base.rights ? right_name(r->peer.base.rights) : text;
    if (strcmp(name, "size") == 0 && r->peer.base.size)
        snprintf(text, sizeof text, "%zu", r->peer.base.size);
    else if (strcmp(name, "timeout_ms") == 0 && r->timeout_ms)
        snprintf(text, sizeof text, "%u", r->timeout_ms);
    else if (strcmp(name, "max_wait_ms") == 0 && r->max_wait_ms)
        snprintf(text, sizeof text, "%u", r->max_wait_ms);
    else if (strcmp(name, "soft_timeout_ms") == 0 && r->soft_timeout_ms)
        snprintf(text, sizeof text, "%u", r->soft_timeout_ms);
    else if (strcmp(name, "workers") == 0 && r->all_workers)
        snprintf(text, sizeof text, "true");
    else if (strcmp(name, "attempt") == 0 && r->attempt)
        snprintf(text, sizeof text, "%u", r->attempt);
    else if (strcmp(name, "worker") == 0 && r->worker)
        snprintf(text, sizeof text, "%u", r->worker);
    else if (strcmp(name, "pool_start") == 0 && r->size.pool_start)
        snprintf(text, sizeof text, "%u", r->size.pool_start);
    else if (strcmp(name, "pool_max") == 0 && r->size.pool_max)
        snprintf(text, sizeof text, "%u", r->size.pool_max);
    else if (strcmp(name, "job_max") == 0 && r->size.job_max)
        snprintf(text, sizeof text, "%u", r->size.job_max);
    else if (strcmp(name, "waiting") == 0 && r->waiting)
        snprintf(text, sizeof text, "%s", waiting_words[r->waiting]);
    else if (strcmp(name, "level") == 0 && r->peer.level)
        snprintf(text, sizeof text, "%s", level_words[r->peer.level]);
    else if (strcmp(name, "state") == 0 && r->state)
        snprintf(text, sizeof text, "%s", state_words[r->state]);
    else if (strcmp(name, "client_number") == 0 && r->client)
        snprintf(text, sizeof text, "%u", r->client);
    else if (strcmp(name, "limit") == 0 && r->peer.limit)
        snprintf(text, sizeof text, "%u", r->peer.limit);
    else if (strcmp(name, "link") == 0 && r->link)
        snprintf(text, sizeof text, "%s", r->link == JOB_LINKED ? "true" : "on-failure");
    else if (strcmp(name, "detach") == 0 && r->detach)
        snprintf(text, sizeof text, "true");
    else if (strcmp(name, "token_wrong") == 0 && r->peer.base.token_wrong)
        snprintf(text, sizeof text, "true");
    else if (strcmp(name, "ignored_count") == 0 && r->peer.base.ignored_count)
        snprintf(text, sizeof text, "%u", r->peer.base.ignored_count);
    else if (strcmp(name, "notify") == 0)
        show_words(text, sizeof text, notify_words, r->notify);
    else if (strcmp(name, "what") == 0)
        show_words(text, sizeof text, what_words, r->peer.what);
    return text;
}

static bool is_field(const char *name)
{
    for (size_t i = 0; i < SUPPORT_COUNT(field_names); i++)
        if (strcmp(field_names[i], name) == 0)
            return true;
    return false;
}

/* Texts are NUL-terminated, and as long as their lengths say. */
static void check_texts(const struct client_request *r)
{
    ck_assert_uint_eq(strlen(r->peer.base.op.text), r->peer.base.op.len);
    ck_assert_uint_eq(strlen(r->peer.base.id.text), r->peer.base.id.len);
    ck_assert_uint_eq(strlen(r->peer.base.client.text), r->peer.base.client.len);
    ck_assert_uint_eq(strlen(r->peer.base.token.text), r->peer.base.token.len);
    ck_assert_uint_eq(strlen(r->target.text), r->target.len);
    ck_assert_uint_eq(strlen(r->peer.module.text), r->peer.module.len);
    ck_assert_uint_eq(strlen(r->job.text), r->job.len);
    ck_assert_uint_eq(strlen(r->pool.text), r->pool.len);
    ck_assert_uint_eq(strlen(r->name.text), r->name.len);
    ck_assert_uint_eq(strlen(r->service.text), r->service.len);
    ck_assert_uint_eq(strlen(r->origin.text), r->origin.len);
    ck_assert_uint_eq(strlen(r->owner.text), r->owner.len);
    ck_assert_uint_eq(strlen(r->peer.base.context.text), r->peer.base.context.len);
    ck_assert_uint_le(r->peer.base.context.len, CONTEXT_MAX);
    ck_assert_uint_eq(strlen(r->peer.base.ignored.text), r->peer.base.ignored.len);
    ck_assert_uint_le(r->peer.base.ignored.len, IGNORED_MAX);
    ck_assert_uint_lt(strlen(r->peer.base.message), REQUEST_MESSAGE_MAX);
}

/* --- a case --- */

static void check_verdict(const char *name, const char *wanted, enum verdict verdict)
{
    static const char *const words[] = {"fine", "wrong", "broken"};
    char found[128];
    snprintf(found, sizeof found, "%s%s%s", words[verdict], request->code ? " " : "",
             request->code ? request->code : "");
    ck_assert_msg(strcmp(found, wanted) == 0, "%s is %s (%s); wanted: %s", name, found,
                  request->message, wanted);
    ck_assert_int_eq(verdict == VERDICT_FINE, request->code == NULL);
    ck_assert_int_eq(verdict == VERDICT_FINE, request->message[0] == '\0');
}

static void check_line(const char *name, const char *key, const char *value)
{
    if (strcmp(key, "says") == 0)
        ck_assert_msg(strstr(request->message, value) != NULL, "%s: \"%s\" does not say %s", name,
                      request->message, value);
    else if (strcmp(key, "silent") == 0)
        ck_assert_msg(strstr(request->message, value) == NULL, "%s: \"%s\" says %s", name,
                      request->message, value);
    else if (is_field(key))
        ck_assert_msg(strcmp(field_text(&client, key), value) == 0, "%s: %s is %s; wanted: %s",
                      name, key, field_text(&client, key), value);
    else
        ck_abort_msg("%s has a line with %s", name, key);
}

/* A fine request has only the fields named in its case. */
static void check_unnamed(const char *name, const char *field, const char *wanted)
{
    char line[32];
    int len = snprintf(line, sizeof line, "\n%s", field);
    for (const char *at = wanted; (at = strstr(at, line)); at += len)
        if (strchr(" \n", at[len]))
            return;
    ck_assert_msg(field_text(&client, field)[0] == '\0', "%s: %s is %s; wanted: none", name, field,
                  field_text(&client, field));
}

static void check_wanted(const struct header_case *item, enum verdict verdict)
{
    char wanted[8192], *rest = NULL;
    snprintf(wanted, sizeof wanted, "%s", item->wanted);
    for (size_t i = 0; verdict == VERDICT_FINE && i < SUPPORT_COUNT(field_names); i++)
        check_unnamed(item->name, field_names[i], wanted);
    char *line = strtok_r(wanted, "\n", &rest);
    check_verdict(item->name, line, verdict);
    while ((line = strtok_r(NULL, "\n", &rest))) {
        char *value = strchr(line, ' ');
        if (value)
            *value++ = '\0';
        check_line(item->name, line, value ? value : "");
    }
}

/* Nothing of an earlier request may remain. */
static void soil(struct client_request *r)
{
    memset(r, 'x', sizeof *r);
    r->peer.base.scanned = false;
}

static void check_case(const struct header_case *item)
{
    soil(&client);
    enum verdict verdict = request_parse(&protocol, item->line, item->len, PAYLOAD_MAX);
    check_texts(&client);
    check_wanted(item, verdict);
    if (verdict == VERDICT_FINE)
        ck_assert_str_eq(request->operation->name, field_text(&client, "op"));
}

START_TEST(test_cases)
{
    for (size_t i = (size_t)_i * CASES_A_TEST; i < (size_t)(_i + 1) * CASES_A_TEST; i++)
        if (i < headers.count)
            check_case(&headers.items[i]);
}
END_TEST

START_TEST(test_names_are_unique)
{
    for (size_t i = 0; i < headers.count; i++)
        for (size_t k = 0; k < i; k++)
            hot_assert_msg(strcmp(headers.items[i].name, headers.items[k].name) != 0,
                           "two cases are named %s", headers.items[i].name);
}
END_TEST

/* Behind a request read the short way, only its own fields are cleared. */
START_TEST(test_nothing_remains)
{
    static const char full[] = "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\",\"timeout_ms\":5,"
                               "\"service\":\"s\",\"max_wait_ms\":7}",
                      plain[] = "{\"op\":\"submit\",\"id\":2,\"module\":\"echo\"}",
                      bare[] = "{\"op\":\"submit\",\"id\":3}";
    static const char *const lines[] = {full, plain, bare, full, bare, plain, bare};
    for (size_t i = 0; i < SUPPORT_COUNT(lines); i++) {
        size_t len = strlen(lines[i]);
        ck_assert_int_eq(request_parse(&protocol, lines[i], len, PAYLOAD_MAX), VERDICT_FINE);
        ck_assert_uint_eq(client.timeout_ms, lines[i] == full ? 5 : 0);
        ck_assert_uint_eq(client.max_wait_ms, lines[i] == full ? 7 : 0);
        ck_assert_str_eq(client.service.text, lines[i] == full ? "s" : "");
        ck_assert_str_eq(client.peer.module.text, lines[i] == full    ? "fib"
                                                  : lines[i] == plain ? "echo"
                                                                      : "");
    }
}
END_TEST

/* --- the short way and the general way read alike --- */

static void check_both_ways(const char *line, size_t len)
{
    soil(&client);
    soil(&general);
    enum verdict verdict = request_parse(&protocol, line, len, PAYLOAD_MAX);
    hot_assert_msg(request_parse_general(&general_protocol, line, len, PAYLOAD_MAX) == verdict,
                   "another verdict on %.*s", (int)len, line);
    hot_assert_msg(request->operation == general.peer.base.operation, "another op in %.*s",
                   (int)len, line);
    for (size_t i = 0; i < SUPPORT_COUNT(field_names); i++) {
        char text[2 * CONTEXT_MAX];
        strcpy(text, field_text(&client, field_names[i]));
        hot_assert_msg(strcmp(text, field_text(&general, field_names[i])) == 0,
                       "field %s is %s and %s in %.*s", field_names[i], text,
                       field_text(&general, field_names[i]), (int)len, line);
    }
    hot_assert(!request->code == !general.peer.base.code);
    hot_assert(!request->code || strcmp(request->code, general.peer.base.code) == 0);
    hot_assert(strcmp(request->message, general.peer.base.message) == 0);
}

START_TEST(test_both_ways)
{
    for (size_t i = 0; i < headers.count; i++)
        check_both_ways(headers.items[i].line, headers.items[i].len);
}
END_TEST

struct line {
    char *bytes;
    size_t len;
};

/* A byte left out, changed or put in, or a piece of another header. The caller frees it. */
static struct line hurt_line(struct chance *chance, const struct header_case *line,
                             const struct header_case *other)
{
    static const char bytes[] = "\"\\{}[]:,-+.0123456789eEu \t\rtruefalsn\x80\xff\x1f";
    static char to[4 * HEADER_MAX];
    size_t at = chance_below(chance, line->len + 1), left = line->len - at, n = at;
    size_t cut = chance_below(chance, left < 3 ? left + 1 : 4);
    memcpy(to, line->line, at);
    if (chance_percent(chance, 50))
        to[n++] = bytes[chance_below(chance, sizeof bytes)]; /* NUL is one of them */
    if (chance_percent(chance, 30)) {
        size_t from = chance_below(chance, other->len + 1);
        size_t piece = chance_below(chance, other->len - from + 1);
        memcpy(to + n, other->line + from, piece);
        n += piece;
    }
    memcpy(to + n, line->line + at + cut, left - cut);
    n += left - cut;
    struct line hurt = {malloc(n ? n : 1), n};
    hot_assert(hurt.bytes != NULL);
    memcpy(hurt.bytes, to, n);
    return hurt;
}

/* Both ways read a damaged header alike, and the sanitizer finds nothing. */
START_TEST(test_both_ways_hurt)
{
    struct chance chance;
    chance_init(&chance, "request");
    for (int round = 0; round < HURT; round++) {
        struct line hurt = hurt_line(&chance, &headers.items[chance_below(&chance, headers.count)],
                                     &headers.items[chance_below(&chance, headers.count)]);
        check_both_ways(hurt.bytes, hurt.len);
        free(hurt.bytes);
    }
}
END_TEST

/* --- generated headers --- */

static const char whole[] =
    "{\"op\":\"submit\",\"id\":\"a\\u0031\",\"module\":\"fib\",\"size\":2,\"context\":{\"a\":[1.10,"
    "null]},\"timeout_ms\":10,\"link\":true,\"notify\":[\"started\"]}";

START_TEST(test_every_beginning)
{
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *line = malloc(len ? len : 1);
        ck_assert_ptr_nonnull(line);
        memcpy(line, whole, len);
        ck_assert_int_eq(request_parse(&protocol, line, len, PAYLOAD_MAX), VERDICT_FATAL);
        ck_assert_str_eq(request->code, "bad-json");
        free(line);
    }
    ck_assert_int_eq(request_parse(&protocol, whole, sizeof whole - 1, PAYLOAD_MAX), VERDICT_FINE);
}
END_TEST

/* NUL at each place. */
START_TEST(test_nul_everywhere)
{
    for (size_t at = 0; at < sizeof whole; at++) {
        char line[sizeof whole];
        memcpy(line, whole, at);
        line[at] = '\0';
        memcpy(line + at + 1, whole + at, sizeof whole - 1 - at);
        ck_assert_msg(request_parse(&protocol, line, sizeof line, PAYLOAD_MAX) == VERDICT_FATAL,
                      "a NUL at %zu passes", at);
        ck_assert_str_eq(request->code, "bad-json");
    }
}
END_TEST

/* More than any header can have; the parser's stack must not follow. */
START_TEST(test_depth_without_end)
{
    static const char *const pieces[] = {"[", "{\"a\":", "[{\"a\":"};
    enum { TIMES = 100000 };
    size_t len = strlen(pieces[_i]);
    char *line = malloc(len * TIMES);
    ck_assert_ptr_nonnull(line);
    for (size_t i = 0; i < TIMES; i++)
        memcpy(line + i * len, pieces[_i], len);
    ck_assert_int_eq(request_parse(&protocol, line, len * TIMES, PAYLOAD_MAX), VERDICT_FATAL);
    ck_assert_str_eq(request->code, "bad-json");
    free(line);
}
END_TEST

START_TEST(test_many_unknown_fields)
{
    char line[HEADER_MAX] = "{\"op\":\"ping\"";
    size_t len = strlen(line);
    for (unsigned n = 0; len < sizeof line - 20; n++)
        len += (size_t)sprintf(line + len, ",\"%x\":1", n);
    for (int twice = 0; twice < 2; twice++) {
        size_t end = len + (size_t)sprintf(line + len, twice ? ",\"7f\":1}" : "}");
        request_parse(&protocol, line, end, PAYLOAD_MAX);
        ck_assert_str_eq(request->code, twice ? "bad-json" : "bad-request");
    }
}
END_TEST

START_TEST(test_payload_max)
{
    static const struct {
        uint64_t max;
        const char *size;
        enum verdict verdict;
    } cases[] = {
        {0, "0", VERDICT_FINE},
        {0, "1", VERDICT_FATAL},
        {5, "5", VERDICT_FINE},
        {5, "6", VERDICT_FATAL},
        {INT64_MAX, "9223372036854775807", VERDICT_FINE},
        {UINT64_MAX, "9223372036854775807", VERDICT_FINE},
        {INT64_MAX - 1, "9223372036854775807", VERDICT_FATAL},
    };
    for (size_t i = 0; i < SUPPORT_COUNT(cases); i++) {
        char line[128];
        int len =
            snprintf(line, sizeof line, "{\"op\":\"submit\",\"id\":1,\"size\":%s}", cases[i].size);
        ck_assert_int_eq(request_parse(&protocol, line, (size_t)len, cases[i].max),
                         cases[i].verdict);
        if (cases[i].verdict == VERDICT_FATAL)
            ck_assert_str_eq(request->code, "payload-too-large");
    }
}
END_TEST

/* A list of words too long for the message is cut. */
START_TEST(test_many_words)
{
    static const char line[] = "{\"op\":\"o\",\"w\":[\"x\"]}";
    static const char *const words[] = {"aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb",
                                        "cccccccccccccccccccc", "dddddddddddddddddddd",
                                        "eeeeeeeeeeeeeeeeeeee", "ffffffffffffffffffff",
                                        "gggggggggggggggggggg", NULL};
    static const struct field fields[] = {{"w", FIELD_WORDS, .words = words}, {0}};
    static const struct operation operation = {.name = "o", .fields = fields};
    static const struct operation *const operations[] = {&operation, NULL};
    struct protocol own = protocol;
    own.operations = operations;
    ck_assert_int_eq(request_parse(&own, line, sizeof line - 1, PAYLOAD_MAX), VERDICT_REFUSED);
    ck_assert_ptr_nonnull(strstr(request->message, "\"cccccccccccccccccccc\" and"));
    ck_assert_uint_lt(strlen(request->message), 200);
}
END_TEST

/* 1 and "1" are two ids. */
START_TEST(test_ids_differ)
{
    ck_assert_int_eq(request_parse(&protocol, "{\"op\":\"ping\",\"id\":1}", 20, PAYLOAD_MAX),
                     VERDICT_FINE);
    ck_assert_int_eq(
        request_parse(&general_protocol, "{\"op\":\"ping\",\"id\":\"1\"}", 22, PAYLOAD_MAX),
        VERDICT_FINE);
    ck_assert_str_ne(request->id.text, general.peer.base.id.text);
}
END_TEST

int main(void)
{
    header_cases_load(&headers);
    Suite *suite = suite_create("request");
    TCase *tc = tcase_create("cases");
    tcase_add_loop_test(tc, test_cases, 0, ((int)headers.count + CASES_A_TEST - 1) / CASES_A_TEST);
    tcase_add_test(tc, test_nothing_remains);
    tcase_add_test(tc, test_names_are_unique);
    suite_add_tcase(suite, tc);
    tc = tcase_create("both ways");
    tcase_add_test(tc, test_both_ways);

    tcase_add_test(tc, test_both_ways_hurt);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tc = tcase_create("made");
    tcase_add_test(tc, test_every_beginning);
    tcase_add_test(tc, test_nul_everywhere);
    tcase_add_loop_test(tc, test_depth_without_end, 0, 3);
    tcase_add_test(tc, test_many_unknown_fields);
    tcase_add_test(tc, test_payload_max);
    tcase_add_test(tc, test_many_words);
    tcase_add_test(tc, test_ids_differ);
    suite_add_tcase(suite, tc);
    int status = run_suite(suite);
    header_cases_free(&headers);
    return status;
}
