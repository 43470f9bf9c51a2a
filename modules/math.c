/*
 * math: {"op":"add|sub|mul|div","x":1,"y":2} -> 3
 *
 * Whole numbers stay whole: a result beyond 64 bits is a failure rather than a rounded number, and
 * only a division with a remainder gives a real number.
 */
#include <taskmaster/module.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTED "expected {\"op\":\"add|sub|mul|div\",\"x\":number,\"y\":number}"

enum op { ADD, SUB, MUL, DIV, OP_COUNT };

static const char *const op_names[OP_COUNT] = {
    [ADD] = "add",
    [SUB] = "sub",
    [MUL] = "mul",
    [DIV] = "div",
};

static enum op find_op(const char *name)
{
    enum op op = ADD;

    while (op < OP_COUNT && strcmp(op_names[op], name) != 0)
        op++;
    return op;
}

/* Writes the shortest text for the same number: 0.1 rather than 0.10000000000000001. */
static int reply_json(tm_job *job, json_t *value)
{
    char text[64]; /* longer than any number */
    size_t len = 0;

    for (size_t precision = 15; precision <= 17; precision++) {
        len = json_dumpb(value, text, sizeof(text) - 1,
                         JSON_ENCODE_ANY | JSON_REAL_PRECISION(precision));
        text[len] = '\0';
        if (json_is_integer(value) || strtod(text, NULL) == json_real_value(value))
            break;
    }
    json_decref(value);
    return tm_reply(job, text, len);
}

static int calculate_real(tm_job *job, enum op op, double x, double y)
{
    double result = op == ADD ? x + y : op == SUB ? x - y : op == MUL ? x * y : x / y;

    if (!isfinite(result))
        return tm_fail(job, "overflow", "%s of %g and %g is beyond the range of a double",
                       op_names[op], x, y);
    return reply_json(job, json_real(result));
}

static int calculate_integer(tm_job *job, enum op op, json_int_t x, json_int_t y)
{
    json_int_t result = 0;
    int overflow = 0;

    switch (op) {
    case ADD:
        overflow = __builtin_add_overflow(x, y, &result);
        break;
    case SUB:
        overflow = __builtin_sub_overflow(x, y, &result);
        break;
    case MUL:
        overflow = __builtin_mul_overflow(x, y, &result);
        break;
    case DIV:
    default:
        if (y == -1)
            overflow = __builtin_sub_overflow((json_int_t)0, x, &result);
        else if (x % y == 0)
            result = x / y;
        else
            return calculate_real(job, op, (double)x, (double)y);
        break;
    }
    if (overflow)
        return tm_fail(job, "overflow", "%s of %lld and %lld is beyond 64 bits", op_names[op],
                       (long long)x, (long long)y);
    return reply_json(job, json_integer(result));
}

static int calculate(tm_job *job, const char *op_name, const json_t *x, const json_t *y)
{
    enum op op = find_op(op_name);

    if (op == OP_COUNT)
        return tm_fail(job, "bad-input", "op is \"%.40s\", " EXPECTED, op_name);
    if (!json_is_number(x) || !json_is_number(y))
        return tm_fail(job, "bad-input", "%s is not a number, " EXPECTED,
                       json_is_number(x) ? "y" : "x");
    if (op == DIV && json_number_value(y) == 0.0)
        return tm_fail(job, "div-by-zero", "y is 0: nothing can be divided by it");
    if (json_is_integer(x) && json_is_integer(y))
        return calculate_integer(job, op, json_integer_value(x), json_integer_value(y));
    return calculate_real(job, op, json_number_value(x), json_number_value(y));
}

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);
    json_error_t error;
    const char *op;
    json_t *x;
    json_t *y;
    int result;
    json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);

    if (root == NULL)
        return tm_fail(job, "bad-input", "found \"%.40s\" (%s), " EXPECTED, data, error.text);
    if (json_unpack_ex(root, &error, JSON_STRICT, "{s:s, s:o, s:o}", "op", &op, "x", &x, "y", &y) <
        0)
        result = tm_fail(job, "bad-input", "found \"%.80s\" (%s), " EXPECTED, data, error.text);
    else
        result = calculate(job, op, x, y);
    json_decref(root);
    return result;
}

static const char *describe(void)
{
    return "{\"help\":\"Adds, subtracts, multiplies or divides two numbers.\",\"input\":"
           "{\"type\":\"object\",\"properties\":{\"op\":{\"enum\":[\"add\",\"sub\",\"mul\","
           "\"div\"]},\"x\":{\"type\":\"number\"},\"y\":{\"type\":\"number\"}},"
           "\"required\":[\"op\",\"x\",\"y\"],\"additionalProperties\":false}}";
}

TM_MODULE(.name = "math", .version = "1.0", .run = run, .describe = describe);
