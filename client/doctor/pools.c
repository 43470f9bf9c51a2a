/* pools: lines that grow or are full, pools that are always busy, workers that do not answer. */
#include "client/doctor/doctor.h"

#include <inttypes.h>
#include <string.h>

enum {
    GROWTH_MIN = 5,      /* jobs within the looks: less is a burst */
    SOON_S = 60,         /* a line that is full so soon is critical */
    OLD_MS = 60000,      /* a job that has waited so long is worth a word */
    SPARE_PERCENT = 25,  /* workers beyond those that are just enough */
    WORKERS_MAX = 10000, /* no setting allows more */
};

/* One pool over all looks. */
struct course {
    const char *name;
    const json_t *looks[EXAM_LOOKS]; /* its part of each look */
    const json_t *now;               /* the last of them */
    int64_t waiting, workers_max, job_max, growth, ended;
    double seconds;
};

static int64_t sum_of(const json_t *counts)
{
    int64_t sum = 0;
    size_t i;
    json_t *count;
    json_array_foreach ((json_t *)counts, i, count) {
        sum = exam_figure(sum + exam_figure(json_integer_value(count)));
    }
    return sum;
}

static int64_t ended_in(const json_t *pool)
{
    return sum_of(json_object_get(json_object_get(pool, "run_us"), "counts"));
}

/* Returns false if the pool is not in all looks. */
static bool follow(const struct exam *exam, const char *name, struct course *course)
{
    *course = (struct course){.name = name, .seconds = (double)exam->span_us / 1e6};
    for (int i = 0; i < EXAM_LOOKS; i++) {
        course->looks[i] = json_object_get(json_object_get(exam->looks[i], "pools"), name);
        if (!course->looks[i])
            return false;
    }
    const json_t *first = course->looks[0], *now = course->looks[EXAM_LOOKS - 1];
    course->now = now;
    course->waiting = exam_number(now, "queue", "waiting");
    course->job_max = exam_number(now, "queue", "max");
    course->workers_max = exam_number(now, "pool", "max");
    if (course->workers_max > WORKERS_MAX)
        course->workers_max = WORKERS_MAX;
    course->growth = course->waiting - exam_number(first, "queue", "waiting");
    course->ended = ended_in(now) - ended_in(first);
    return true;
}

static bool is_paused(const struct course *course)
{
    return json_is_true(json_object_get(course->now, "paused"));
}

/* ---- workers ---- */

static bool is_always_full(const struct course *course)
{
    for (int i = 0; i < EXAM_LOOKS; i++)
        if (exam_number(course->looks[i], "pool", "busy") < course->workers_max ||
            exam_number(course->looks[i], "queue", "waiting") == 0)
            return false;
    return true;
}

/* As many workers as new jobs keep busy, and some to spare. Nothing has ended within the looks:
 * nobody knows, and twice as many is a step. */
static int64_t enough_workers(const struct course *course)
{
    int64_t now = course->workers_max, grown = course->growth > 0 ? course->growth : 0;
    if (course->ended <= 0)
        return 2 * now;
    int64_t busy = (now * (course->ended + grown) + course->ended - 1) / course->ended;
    int64_t enough = busy + (busy * SPARE_PERCENT + 99) / 100;
    return enough > now ? enough : now + 1;
}

static void check_full(const struct course *course, struct findings *findings)
{
    if (is_paused(course) || course->workers_max == 0 || !is_always_full(course))
        return;
    findings_tell(findings, FINDING_WARNING, "pool-full", "pool", course->name,
                  "all %" PRId64 " workers of the pool were busy in each of %d looks within %.1f "
                  "s, and %" PRId64 " jobs wait",
                  course->workers_max, EXAM_LOOKS, course->seconds, course->waiting);
    findings_advise(findings,
                    "set pool-max of the pool to %" PRId64 ", if the processors are not busy "
                    "already; to try it until the next reload: taskmaster resize %s --pool-max "
                    "%" PRId64,
                    enough_workers(course), course->name, enough_workers(course));
}

static bool has_workers(const struct course *course)
{
    static const char *const states[] = {"starting", "idle", "busy", "stopping"};
    int64_t count = 0;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        count += exam_number(course->now, "pool", states[i]);
    return count > 0;
}

static void check_none(const struct course *course, struct findings *findings)
{
    if (is_paused(course) || course->waiting == 0 || has_workers(course))
        return;
    findings_tell(findings, FINDING_CRITICAL, "pool-without-workers", "pool", course->name,
                  "%" PRId64 " jobs wait, and the pool has no worker", course->waiting);
    findings_advise(findings, "the log says why no worker starts: look for worker-ended and for "
                              "errors behind it");
}

static void check_dead(const struct course *course, struct findings *findings)
{
    int64_t dead = exam_number(course->now, "pool", "dead");
    if (dead == 0)
        return;
    findings_tell(findings, FINDING_WARNING, "pool-dead-workers", "pool", course->name,
                  "%" PRId64 " workers do not answer", dead);
    findings_advise(findings,
                    "taskmaster workers shows them; a module blocks in its init(), or the "
                    "machine is overloaded");
}

/* ---- lines ---- */

static void check_paused(const struct course *course, struct findings *findings)
{
    if (!is_paused(course) || course->waiting == 0)
        return;
    findings_tell(findings, FINDING_WARNING, "pool-paused", "pool", course->name,
                  "the pool is paused, and %" PRId64 " jobs wait", course->waiting);
    findings_advise(findings, "taskmaster resume %s", course->name);
}

static bool grows(const struct course *course)
{
    if (course->growth < GROWTH_MIN)
        return false;
    for (int i = 1; i < EXAM_LOOKS; i++)
        if (exam_number(course->looks[i], "queue", "waiting") <
            exam_number(course->looks[i - 1], "queue", "waiting"))
            return false;
    return true;
}

static void tell_growing(const struct course *course, struct findings *findings)
{
    double rate = (double)course->growth / course->seconds;
    double full_s = (double)(course->job_max - course->waiting) / rate;
    findings_tell(findings, full_s <= SOON_S ? FINDING_CRITICAL : FINDING_WARNING, "line-grows",
                  "pool", course->name,
                  "the line of the pool grows faster than it is served: %" PRId64
                  " jobs wait, %.1f more each second, and it is full in %.0f s",
                  course->waiting, rate, full_s);
    findings_advise(findings,
                    "let fewer jobs come, or set pool-max of the pool to %" PRId64
                    ", if the processors are not busy already",
                    enough_workers(course));
}

static void check_growing(const struct course *course, struct findings *findings)
{
    if (course->waiting < course->job_max && course->seconds > 0 && grows(course))
        tell_growing(course, findings);
}

static void check_room(const struct course *course, struct findings *findings)
{
    if (course->waiting == 0 || course->waiting < course->job_max)
        return;
    findings_tell(findings, FINDING_CRITICAL, "line-full", "pool", course->name,
                  "the line of the pool is full: %" PRId64 " jobs wait, and further ones are "
                  "answered with overload",
                  course->waiting);
    findings_advise(findings,
                    "more workers (pool-max) end the line sooner; a longer line (job-max) "
                    "only makes jobs wait longer");
}

static void check_old(const struct course *course, struct findings *findings)
{
    int64_t oldest_ms = exam_number(course->now, "queue", "oldest_ms");
    if (oldest_ms < OLD_MS || is_paused(course))
        return;
    findings_tell(findings, FINDING_WARNING, "line-old", "pool", course->name,
                  "the first job in the line of the pool has waited for %" PRId64 " s",
                  oldest_ms / 1000);
    findings_advise(findings,
                    "taskmaster jobs --pool %s --state running shows what keeps the "
                    "workers busy",
                    course->name);
}

static void check_pool(const struct course *course, struct findings *findings)
{
    check_none(course, findings);
    check_room(course, findings);
    check_growing(course, findings);
    check_full(course, findings);
    check_old(course, findings);
    check_paused(course, findings);
    check_dead(course, findings);
}

void doctor_pools(const struct exam *exam, struct findings *findings)
{
    const char *name;
    json_t *pool;
    json_object_foreach (json_object_get(exam_last(exam), "pools"), name, pool) {
        struct course course;
        if (follow(exam, name, &course))
            check_pool(&course, findings);
    }
}
