/* top_model: see top_model.h. */
#include "top_model.h"

#include "top_queue.h"

#include <stdlib.h>
#include <string.h>

void top_model_init(struct top_model *model)
{
    *model = (struct top_model){.cpu = -1};
    for (int section = 0; section < TOP_SECTIONS; section++)
        model->rows[section] = json_array();
}

void top_model_free(struct top_model *model)
{
    for (int section = 0; section < TOP_SECTIONS; section++)
        json_decref(model->rows[section]);
    json_decref(model->stats);
    top_recent_free(&model->recent);
}

static uint64_t integer(const json_t *object, const char *path)
{
    json_int_t value = json_integer_value(top_value(object, path));
    return value > 0 ? (uint64_t)value : 0;
}

uint64_t top_model_figure(const struct top_model *model, const char *path)
{
    return integer(model->stats, path);
}

static uint64_t sum(const json_t *counts)
{
    uint64_t total = 0;
    const char *key;
    json_t *count;
    size_t i;
    json_object_foreach ((json_t *)counts, key, count) {
        total += (uint64_t)json_integer_value(count);
    }
    json_array_foreach ((json_t *)counts, i, count) {
        total += (uint64_t)json_integer_value(count);
    }
    return total;
}

uint64_t top_model_sum(const struct top_model *model, const char *of)
{
    return sum(json_object_get(json_object_get(model->stats, "jobs"), of));
}

/* ---- rates ---- */

/* Jobs that have ended. */
static uint64_t ended_of(const json_t *row)
{
    const json_t *done = json_object_get(row, "done");
    if (done)
        return integer(row, "done") + integer(row, "failed");
    return sum(top_value(row, "run_us.counts"));
}

static double per_second(uint64_t before, uint64_t now, int64_t ms)
{
    return ms > 0 && now > before ? (double)(now - before) * 1000 / (double)ms : 0;
}

static void set_rate(json_t *row, const json_t *before, int64_t ms)
{
    double rate = before ? per_second(ended_of(before), ended_of(row), ms) : 0;
    json_object_set_new(row, "rate", json_real(rate));
}

static uint64_t all_ended(const json_t *stats)
{
    const json_t *jobs = json_object_get(stats, "jobs");
    return integer(jobs, "done") + integer(jobs, "orphaned") + sum(json_object_get(jobs, "failed"));
}

static void set_rates(struct top_model *model, const json_t *before, int64_t ms)
{
    uint64_t cpu = integer(model->stats, "process.cpu_us");
    bool known = before && ms > 0 && cpu > 0;
    model->rate = before ? per_second(all_ended(before), all_ended(model->stats), ms) : 0;
    model->cpu = known ? per_second(integer(before, "process.cpu_us"), cpu, ms) / 1000000 : -1;
}

/* ---- times ---- */

/* `look`: the figures to compare with; NULL: there are none. `before`: the row in them, or NULL. */
static void set_times(const struct top_model *model, json_t *row, const json_t *look,
                      const json_t *before)
{
    static const char *const names[] = {"wait_us", "run_us"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !model->since_start; i++) {
        json_t *times = json_object_get(row, names[i]);
        if (look)
            top_recent_times(times, json_object_get(before, names[i]));
        else
            top_recent_no_times(times);
    }
}

/* ---- rows ---- */

static void set_state(json_t *row, const char *state)
{
    json_object_set_new(row, "state", json_string(state));
}

static void fill_pool(json_t *row)
{
    json_t *pool = json_object_get(row, "pool");
    uint64_t count = integer(pool, "starting") + integer(pool, "idle") + integer(pool, "busy") +
                     integer(pool, "dead") + integer(pool, "stopping");
    json_object_set_new(pool, "count", json_integer((json_int_t)count));
    set_state(row, json_is_true(json_object_get(row, "removed"))  ? "removed"
                   : json_is_true(json_object_get(row, "paused")) ? "paused"
                                                                  : "");
}

/* An open breaker is the state to know. */
static void fill_module(json_t *row)
{
    const char *breaker = json_string_value(top_value(row, "breaker.state"));
    set_state(row, breaker && strcmp(breaker, "closed") != 0 ? breaker : "");
}

/* Turns {"fib":{...}} into [{"name":"fib",...}]. */
static void take_named(struct top_model *model, enum top_section section, json_t *named,
                       json_t *before, int64_t ms, void (*fill)(json_t *row))
{
    const char *name;
    json_t *member, *rows = json_array();
    json_object_foreach (named, name, member) {
        if (!json_is_object(member))
            continue;
        json_t *row = json_deep_copy(member);
        json_object_set_new(row, "name", json_string(name));
        set_rate(row, json_object_get(before, name), ms);
        set_times(model, row, before, json_object_get(before, name));
        fill(row);
        json_array_append_new(rows, row);
    }
    json_decref(model->rows[section]);
    model->rows[section] = rows;
}

void top_model_take_stats(struct top_model *model, json_t *stats, int64_t now_ms)
{
    const struct top_past *look = top_recent_before(&model->recent, now_ms);
    json_t *before = look ? look->stats : NULL;
    int64_t ms = look ? now_ms - look->ms : 0;
    json_decref(model->stats);
    model->stats = top_queue_shape(stats);
    stats = model->stats;
    take_named(model, TOP_POOLS, json_object_get(stats, "pools"), json_object_get(before, "pools"),
               ms, fill_pool);
    take_named(model, TOP_MODULES, json_object_get(stats, "modules"),
               json_object_get(before, "modules"), ms, fill_module);
    set_rates(model, before, ms);
    top_recent_keep(&model->recent, stats, now_ms);
}

/* Of a server that does not tell of its jobs: what the worker says of its job. */
static json_t *job_of_worker(const json_t *worker)
{
    return json_pack("{sO sO? sO? ss sO? sO?}", "job", json_object_get(worker, "job"), "module",
                     json_object_get(worker, "module"), "pool", json_object_get(worker, "pool"),
                     "state", "running", "run_ms", json_object_get(worker, "since_ms"), "worker",
                     json_object_get(worker, "id"));
}

/* Keeps the objects of a list. */
static void take_list(struct top_model *model, enum top_section section, json_t *list)
{
    json_t *rows = json_array(), *item;
    size_t i;
    json_array_foreach (list, i, item) {
        if (json_is_object(item))
            json_array_append(rows, item);
    }
    json_decref(model->rows[section]);
    model->rows[section] = rows;
}

void top_model_take_workers(struct top_model *model, json_t *workers)
{
    json_t *worker;
    size_t i;
    take_list(model, TOP_WORKERS, workers);
    if (model->has_jobs)
        return;
    json_array_clear(model->rows[TOP_JOBS]);
    json_array_foreach (model->rows[TOP_WORKERS], i, worker) {
        if (json_is_string(json_object_get(worker, "job")))
            json_array_append_new(model->rows[TOP_JOBS], job_of_worker(worker));
    }
}

void top_model_take_jobs(struct top_model *model, json_t *jobs, bool more)
{
    model->has_jobs = true;
    model->more_jobs = more;
    take_list(model, TOP_JOBS, jobs);
}

/* ---- selecting ---- */

struct order {
    enum top_section section;
    const struct top_column *column, *name;
    bool reverse;
};

static struct order order; /* of the sort under way: qsort() hands nothing on */

/* What stands out comes first. Equal ones by their names, so that rows do not jump about. */
static int compare(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    int alarm = top_is_alarm(order.section, *y) - top_is_alarm(order.section, *x);
    if (alarm)
        return alarm;
    int found = top_compare(order.column, *x, *y);
    if (order.column->unit != TOP_TEXT)
        found = -found;
    if (order.reverse)
        found = -found;
    return found ? found : top_compare(order.name, *x, *y);
}

static json_t *take_sorted(json_t **rows, size_t count)
{
    json_t *list = json_array();
    qsort(rows, count, sizeof(json_t *), compare);
    for (size_t i = 0; i < count; i++)
        json_array_append(list, rows[i]);
    return list;
}

json_t *top_model_select(const struct top_model *model, enum top_section section, const char *words,
                         size_t column, bool reverse)
{
    const struct top_table *table = &top_tables[section];
    size_t count = 0, i;
    json_t *row, **rows = calloc(json_array_size(model->rows[section]) + 1, sizeof(json_t *));
    if (!rows)
        return json_array();
    json_array_foreach (model->rows[section], i, row) {
        if (top_matches(section, row, words))
            rows[count++] = row;
    }
    order = (struct order){section, &table->columns[column], &table->columns[0], reverse};
    json_t *list = take_sorted(rows, count);
    free(rows);
    return list;
}
