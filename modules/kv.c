/*
 * kv: keys and values in the memory of one worker.
 *
 *     {"op":"put","key":"a","value":[1]}           -> {"found":false,"generation":1801}
 *     {"op":"get","key":"a"}                       -> {"found":true,"value":[1],"generation":1801}
 *     {"op":"cas","key":"a","old":[1],"value":2}   -> {"found":true,"swapped":true, ...}
 *     {"op":"incr","key":"n"}                      -> {"found":false,"value":1, ...}
 *     {"op":"delete","key":"a"}                    -> {"found":true, ...}
 *     {"op":"list"}                                -> {"keys":["n"], ...}
 *
 * `found` says whether the key was there before. The state ends with the worker; the generation of
 * the next worker is another, and a greater one unless the clock was set back. So the module needs
 * a pool of one worker, and init() refuses every other pool.
 */
#include <taskmaster/module.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPECTED \
    "expected {\"op\":\"put|get|delete|list|incr|cas\",\"key\":text,\"value\":any,\"old\":any}"

/* The fields of a request; NULL if absent. */
struct request {
    const char *op;
    const char *key;
    json_t *value;
    json_t *old;
};

static json_t *store; /* owned; keys to values */
static json_int_t generation;

/* --- operations: each fills in its answer, and returns 0 or fails the job --- */

typedef int (*operation)(tm_job *job, const struct request *request, json_t *answer);

static json_t *current(const struct request *request)
{
    return json_object_get(store, request->key);
}

static int set(tm_job *job, const char *key, json_t *value)
{
    return json_object_set(store, key, value) < 0 ? tm_fail(job, "no-memory", "no memory for a key")
                                                  : 0;
}

static int put(tm_job *job, const struct request *request, json_t *answer)
{
    (void)answer;
    return set(job, request->key, request->value);
}

static int get(tm_job *job, const struct request *request, json_t *answer)
{
    (void)job;
    if (current(request) != NULL)
        json_object_set(answer, "value", current(request));
    return 0;
}

static int delete_key(tm_job *job, const struct request *request, json_t *answer)
{
    (void)job;
    (void)answer;
    json_object_del(store, request->key);
    return 0;
}

static int list(tm_job *job, const struct request *request, json_t *answer)
{
    json_t *keys = json_array();
    const char *key;
    json_t *value;

    (void)job;
    (void)request;
    json_object_foreach (store, key, value) {
        json_array_append_new(keys, json_string(key));
    }
    json_object_set_new(answer, "keys", keys);
    return 0;
}

static int incr(tm_job *job, const struct request *request, json_t *answer)
{
    const json_t *before = current(request);
    json_int_t sum = before != NULL ? json_integer_value(before) : 0;
    json_int_t by = request->value != NULL ? json_integer_value(request->value) : 1;

    if (before != NULL && !json_is_integer(before))
        return tm_fail(job, "not-a-number", "the value of %.80s is no integer", request->key);
    if (request->value != NULL && !json_is_integer(request->value))
        return tm_fail(job, "bad-input", "value is no integer, as incr needs");
    if (__builtin_add_overflow(sum, by, &sum))
        return tm_fail(job, "overflow", "the value of %.80s would go beyond 64 bits", request->key);
    json_object_set_new(answer, "value", json_integer(sum));
    return set(job, request->key, json_object_get(answer, "value"));
}

/* Without `old` the key must not be there. A refused swap shows the present value. */
static int cas(tm_job *job, const struct request *request, json_t *answer)
{
    json_t *before = current(request);
    int equal = request->old != NULL ? json_equal(before, request->old) : before == NULL;

    json_object_set_new(answer, "swapped", json_boolean(equal));
    if (equal)
        return set(job, request->key, request->value);
    if (before != NULL)
        json_object_set(answer, "value", before);
    return 0;
}

static const struct {
    const char *name;
    operation run;
    int needs_key;
    int needs_value;
} operations[] = {
    {"put", put, 1, 1}, {"get", get, 1, 0},   {"delete", delete_key, 1, 0},
    {"cas", cas, 1, 1}, {"incr", incr, 1, 0}, {"list", list, 0, 0},
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

/* --- jobs --- */

/* Frees the answer. */
static int reply(tm_job *job, json_t *answer)
{
    json_object_set_new(answer, "generation", json_integer(generation));
    char *text = json_dumps(answer, JSON_COMPACT);
    int result = text != NULL ? tm_reply(job, text, strlen(text))
                              : tm_fail(job, "no-memory", "no memory for the answer");
    free(text);
    json_decref(answer);
    return result;
}

static int find_operation(tm_job *job, const struct request *request)
{
    int i = 0;

    while (i < OPERATIONS && strcmp(operations[i].name, request->op) != 0)
        i++;
    if (i == OPERATIONS)
        return tm_fail(job, "bad-input", "op is \"%.40s\", " EXPECTED, request->op);
    if (operations[i].needs_key && request->key == NULL)
        return tm_fail(job, "bad-input", "%s needs a key, " EXPECTED, request->op);
    if (operations[i].needs_value && request->value == NULL)
        return tm_fail(job, "bad-input", "%s needs a value, " EXPECTED, request->op);
    return i;
}

static int answer(tm_job *job, const struct request *request)
{
    int i = find_operation(job, request);

    if (i < 0)
        return -1;
    json_t *fields = json_object();
    if (operations[i].needs_key)
        json_object_set_new(fields, "found", json_boolean(current(request) != NULL));
    if (operations[i].run(job, request, fields) == 0)
        return reply(job, fields);
    json_decref(fields);
    return -1;
}

static int run(tm_job *job)
{
    size_t len, key_len = 0;
    const char *data = tm_job_data(job, &len);
    struct request request = {.key = NULL};
    json_error_t error;
    json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    int result;

    if (root == NULL)
        return tm_fail(job, "bad-input", "found \"%.40s\" (%s), " EXPECTED, data, error.text);
    if (json_unpack_ex(root, &error, JSON_STRICT, "{s:s, s?s%, s?o, s?o}", "op", &request.op, "key",
                       &request.key, &key_len, "value", &request.value, "old", &request.old) < 0)
        result = tm_fail(job, "bad-input", "found \"%.80s\" (%s), " EXPECTED, data, error.text);
    else if (request.key != NULL && strlen(request.key) < key_len)
        result = tm_fail(job, "bad-input", "the key has a NUL, " EXPECTED);
    else
        result = answer(job, &request);
    json_decref(root);
    return result;
}

/* --- life --- */

/* Microseconds of the wall clock fit into an integer of any JSON library. */
static json_int_t new_generation(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (json_int_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int init(const tm_host *host, const char *config)
{
    (void)config;
    if (tm_host_pool_max(host) > 1)
        return tm_host_fail(host,
                            "the state of kv is in one worker, and this pool may have %u: give kv "
                            "a pool of its own with pool-max 1",
                            (unsigned)tm_host_pool_max(host));
    generation = new_generation();
    store = json_object();
    return store != NULL ? 0 : tm_host_fail(host, "no memory");
}

static void fini(void)
{
    json_decref(store);
}

static const char *describe(void)
{
    return "{\"help\":\"Keeps keys and values in the memory of one worker.\",\"input\":"
           "{\"type\":\"object\",\"properties\":{\"op\":{\"enum\":[\"put\",\"get\",\"delete\","
           "\"list\",\"incr\",\"cas\"]},\"key\":{\"type\":\"string\"},\"value\":{},\"old\":{}},"
           "\"required\":[\"op\"],\"additionalProperties\":false}}";
}

TM_MODULE(.name = "kv", .version = "1.0", .init = init, .run = run, .fini = fini,
          .describe = describe);
