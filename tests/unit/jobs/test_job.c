/* test_job: a job's record: texts, source, every pair of states and of places; and `asked`
 * is written down and read back. */
#include "jobs/job.h"

#include "tests/unit/jobs/recorder.h"

enum { STATES = JOB_ENDED + 1, PLACES = JOB_PREFETCHED + 1 };

static struct job *new_job(void)
{
    return job_new("1", 1, NULL, 0);
}

START_TEST(test_texts)
{
    struct job *job = job_new("\"a1\"", 4, "{\"user\":7}", 10);
    ck_assert_uint_eq(job->asked.id_len, 4);
    ck_assert_mem_eq(job_id(job), "\"a1\"", 4);
    ck_assert_uint_eq(job->asked.context_len, 10);
    ck_assert_mem_eq(job_context(job), "{\"user\":7}", 10);
    ck_assert_int_eq(job->state, JOB_NEW);
    ck_assert_ptr_null(job->asked.payload);
    ck_assert_ptr_null(job->source);
    ck_assert_uint_eq(job->seq, 0);
    job_free(job); /* a new one may go without having been submitted */
}
END_TEST

START_TEST(test_owns_its_payload)
{
    struct job *job = new_job();
    budget = (struct payload_budget){.max = 100};
    job->asked.payload = payload_from(&budget, "30", 2);
    job_free(job);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

START_TEST(test_shares_its_origin)
{
    struct job_origin *origin = job_origin_new("alice", NULL, NULL);
    struct job *plain = new_job(), *job = new_job();
    job->asked.origin = job_origin_ref(origin);
    job_origin_unref(origin);
    ck_assert_str_eq(job_owner(job), "alice");
    ck_assert_ptr_null(job_origin_id(job));
    ck_assert_ptr_null(job_owner(plain));
    ck_assert_ptr_null(job_owner(NULL));
    job_free(job);
    job_free(plain);
}
END_TEST

/* Each state is reached by legal transitions. */
static void bring_to(struct job *job, enum job_state state)
{
    if (state == JOB_NEW)
        return;
    if (state == JOB_STOPPING)
        job_set_state(job, JOB_RUNNING);
    job_set_state(job, state);
}

static bool is_a_way(int from, int to)
{
    static const bool ways[STATES][STATES] = {
        [JOB_NEW] = {[JOB_WAITING] = true, [JOB_RUNNING] = true, [JOB_ENDED] = true},
        [JOB_WAITING] = {[JOB_RUNNING] = true, [JOB_ENDED] = true},
        /* Back: its worker was lost before it began the job. */
        [JOB_RUNNING] = {[JOB_WAITING] = true, [JOB_STOPPING] = true, [JOB_ENDED] = true},
        [JOB_STOPPING] = {[JOB_ENDED] = true},
    };
    return ways[from][to];
}

START_TEST(test_ways)
{
    for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
            if (!is_a_way(from, to))
                continue;
            struct job *job = new_job();
            bring_to(job, (enum job_state)from);
            job_set_state(job, (enum job_state)to);
            ck_assert_int_eq(job->state, to);
            ck_assert_int_eq(job_is_assigned(job), to == JOB_RUNNING || to == JOB_STOPPING);
            if (to != JOB_ENDED)
                job_set_state(job, JOB_ENDED);
            job_free(job);
        }
    }
}
END_TEST

/* _i is one of all pairs. Legal pairs abort by themselves, so that each pair is counted. */
START_TEST(test_no_way)
{
    struct job *job = new_job();
    hush();
    bring_to(job, (enum job_state)(_i / STATES));
    if (is_a_way(_i / STATES, _i % STATES))
        abort();
    job_set_state(job, (enum job_state)(_i % STATES));
}
END_TEST

/* --- places --- */

static struct job *job_at(enum job_place place)
{
    struct job *job = new_job();
    job_set_state(job, JOB_WAITING);
    if (place == JOB_PASSED)
        job_set_place(job, JOB_IN_LINE);
    if (place != JOB_NOWHERE)
        job_set_place(job, place);
    return job;
}

static bool is_a_move(int from, int to)
{
    static const bool moves[PLACES][PLACES] = {
        [JOB_NOWHERE] = {[JOB_IN_LINE] = true, [JOB_ASIDE] = true, [JOB_PREFETCHED] = true},
        [JOB_IN_LINE] = {[JOB_NOWHERE] = true, [JOB_PASSED] = true},
        [JOB_PASSED] = {[JOB_NOWHERE] = true},
        [JOB_ASIDE] = {[JOB_NOWHERE] = true},
        [JOB_PREFETCHED] = {[JOB_NOWHERE] = true},
    };
    return moves[from][to];
}

START_TEST(test_moves)
{
    for (int pair = 0; pair < PLACES * PLACES; pair++) {
        if (!is_a_move(pair / PLACES, pair % PLACES))
            continue;
        struct job *job = job_at((enum job_place)(pair / PLACES));
        job_set_place(job, (enum job_place)(pair % PLACES));
        ck_assert_int_eq(job->run.place, pair % PLACES);
        ck_assert_int_eq(job_is_prefetched(job), pair % PLACES == JOB_PREFETCHED);
        if (job->run.place != JOB_NOWHERE)
            job_set_place(job, JOB_NOWHERE);
        job_set_state(job, JOB_ENDED);
        job_free(job);
    }
}
END_TEST

/* _i is one of all pairs. Legal ones abort by themselves, as in test_no_way. */
START_TEST(test_no_move)
{
    struct job *job = job_at((enum job_place)(_i / PLACES));
    hush();
    if (is_a_move(_i / PLACES, _i % PLACES))
        abort();
    job_set_place(job, (enum job_place)(_i % PLACES));
}
END_TEST

START_TEST(test_no_place_for_a_new_job)
{
    struct job *job = new_job();
    hush();
    job_set_place(job, JOB_IN_LINE);
}
END_TEST

/* In any list: it would stay there. */
START_TEST(test_no_new_state_in_a_list)
{
    struct job *job = job_at((enum job_place)_i);
    hush();
    job_set_state(job, JOB_RUNNING);
}
END_TEST

START_TEST(test_state_names)
{
    static const char *const names[STATES] = {"new", "waiting", "running", "stopping", "ended"};
    for (int i = 0; i < STATES; i++)
        ck_assert_str_eq(job_state_name((enum job_state)i), names[i]);
}
END_TEST

START_TEST(test_free_waiting)
{
    struct job *job = new_job();
    hush();
    job_set_state(job, JOB_WAITING);
    job_free(job);
}
END_TEST

/* --- sources --- */

static unsigned left_count;
static struct job *left_job;

static void left(struct job_source *source, struct job *job)
{
    (void)source;
    left_count++;
    left_job = job;
}

START_TEST(test_source)
{
    struct job_source one = {.left = left}, other = {.left = left};
    struct job *a = new_job(), *b = new_job();
    LIST_INIT(&one.jobs);
    LIST_INIT(&other.jobs);
    job_set_source(a, &one);
    job_set_source(b, &one);
    ck_assert_uint_eq(one.job_count, 2);
    ck_assert_uint_eq(left_count, 0);
    job_set_source(a, &other); /* from one to another */
    ck_assert_uint_eq(left_count, 1);
    ck_assert_ptr_eq(left_job, a);
    ck_assert_uint_eq(one.job_count, 1);
    ck_assert_uint_eq(other.job_count, 1);
    ck_assert_ptr_eq(LIST_FIRST(&one.jobs), b);
    job_set_source(b, NULL);
    ck_assert_ptr_eq(left_job, b);
    ck_assert_ptr_null(b->source);
    ck_assert(LIST_EMPTY(&one.jobs));
    job_set_source(b, NULL); /* it has none already */
    ck_assert_uint_eq(left_count, 2);
    job_set_source(a, NULL);
    job_free(a);
    job_free(b);
}
END_TEST

START_TEST(test_free_with_source)
{
    struct job_source source = {.left = left};
    struct job *job = new_job();
    LIST_INIT(&source.jobs);
    hush();
    job_set_source(job, &source);
    job_free(job);
}
END_TEST

/* --- asked --- */

/* A job written down, as a store on disk would keep it: six lines of text. */
static char kept[256];
static char handed[256]; /* the same of the job that the worker was handed */

static void write_down(const struct job *job, char text[256])
{
    const struct job_asked *asked = &job->asked;
    char payload[32] = "";
    if (asked->payload)
        payload_copy(asked->payload, 0, payload, sizeof payload - 1);
    snprintf(text, 256, "%s\n%u %u %u %u %d %d %d %d %d %d\n%.*s\n%.*s\n%s\n%s %s %u\n",
             asked->module->name, asked->timeout_ms, asked->max_wait_ms, asked->soft_timeout_ms,
             asked->payload_max, asked->link, asked->detach, asked->notify_accepted,
             asked->notify_started, asked->notify_progress, asked->notify_part, asked->id_len,
             job_id(job), asked->context_len, job_context(job), payload, job_owner(job),
             job_origin_id(job), asked->origin->attempt);
}

static struct module_entry *module_named(const char *name)
{
    ck_assert_str_eq(name, modules[0].name);
    return &modules[0];
}

static struct job *read_back(const char *text)
{
    char module[32], id[32], context[32], payload[32], owner[32], origin[32];
    unsigned timeout_ms, max_wait_ms, soft_timeout_ms, payload_max, link, detach, accepted, started,
        attempt, progress, part;
    ck_assert_int_eq(sscanf(text, "%31s %u %u %u %u %u %u %u %u %u %u %31s %31s %31s %31s %31s %u",
                            module, &timeout_ms, &max_wait_ms, &soft_timeout_ms, &payload_max,
                            &link, &detach, &accepted, &started, &progress, &part, id, context,
                            payload, owner, origin, &attempt),
                     17);
    struct job *job = job_new(id, strlen(id), context, strlen(context));
    job = job_limit_wait(job, max_wait_ms);
    job->asked.module = module_named(module);
    job->asked.payload = payload_from(&budget, payload, strlen(payload));
    job->asked.origin = job_origin_new(owner, origin, NULL);
    job->asked.origin->attempt = attempt;
    job->asked.timeout_ms = timeout_ms;
    job->asked.soft_timeout_ms = soft_timeout_ms;
    job->asked.payload_max = payload_max;
    job->asked.link = link & 3;
    job->asked.detach = detach;
    job->asked.notify_accepted = accepted;
    job->asked.notify_started = started;
    job->asked.notify_progress = progress;
    job->asked.notify_part = part;
    return job;
}

static void on_handed(struct sim_worker *sim, struct job *job)
{
    (void)sim;
    write_down(job, handed);
}

/* From its submit until it ends with its connection. */
static const char *submit_and_end(struct job *job)
{
    struct job_source *source = &source_of('a')->source;
    new_source(source_of('a'));
    job_set_source(job, source);
    dispatcher_submit(&d, job);
    ck_assert(dispatcher_source_ended(&shared, source));
    done(1);
    return news();
}

/* The texts stay, wherever they end. */
START_TEST(test_a_limit_to_the_wait)
{
    char id[32];
    for (int len = 1; len < 20; len++) {
        snprintf(id, sizeof id, "%0*d", len, 7);
        struct job *job = job_limit_wait(job_new(id, (size_t)len, "[1]", 3), 50);
        ck_assert_uint_eq(job->asked.max_wait_ms, 50);
        ck_assert_ptr_eq(job_wait(job)->job, job);
        ck_assert_int_eq(memcmp(job_id(job), id, (size_t)len), 0);
        ck_assert_int_eq(memcmp(job_context(job), "[1]", 3), 0);
        ck_assert((char *)job_wait(job) >= job_context(job) + 3);
        job_free(job);
    }
}
END_TEST

START_TEST(test_written_down_and_read_back_runs_as_the_original)
{
    struct job *job = job_new("\"a1\"", 4, "{\"user\":7}", 10);
    limits = (struct job_settings){.pool.pool_max = 1,
                                   .pool.pool_start = 1,
                                   .pool.job_max = 9,
                                   .start_timeout_ms = 999,
                                   .kill_grace_ms = 200};
    job = job_limit_wait(job, 90);
    world_open();
    dispatcher_start(&d);
    ready(1);
    hooks.handed = on_handed;
    hush_news();
    job->asked.module = &modules[0];
    job->asked.payload = payload_from(&budget, "30", 2);
    job->asked.origin = job_origin_new("alice", "q-17", NULL);
    job->asked.origin->attempt = 3;
    job->asked.timeout_ms = 700;
    job->asked.soft_timeout_ms = 600;
    job->asked.payload_max = 5000;
    job->asked.link = job->asked.notify_accepted = job->asked.notify_started = true;
    job->asked.notify_progress = true;
    job->asked.notify_part = true;
    write_down(job, kept);
    ck_assert_str_eq(kept,
                     "echo\n700 90 600 5000 1 0 1 1 1 1\n\"a1\"\n{\"user\":7}\n30\nalice q-17 3\n");
    ck_assert_str_eq(submit_and_end(job),
                     "a1 accepted 0, give 1 j1 700ms, a1 started 1 #1, flag 1 j1, "
                     "parts 1 j1 unwanted, a1 done");
    ck_assert_str_eq(handed, kept);
    ck_assert_str_eq(submit_and_end(read_back(kept)),
                     "a2 accepted 0, give 1 j2 700ms, a2 started 1 #2, flag 1 j2, "
                     "parts 1 j2 unwanted, a2 done");
    ck_assert_str_eq(handed, kept);
    world_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("job");
    TCase *tc = tcase_create("record");
    tcase_add_test(tc, test_texts);
    tcase_add_test(tc, test_a_limit_to_the_wait);
    tcase_add_test(tc, test_owns_its_payload);
    tcase_add_test(tc, test_shares_its_origin);
    tcase_add_test(tc, test_ways);
    tcase_add_loop_test_raise_signal(tc, test_no_way, SIGABRT, 0, STATES * STATES);
    tcase_add_test(tc, test_state_names);
    tcase_add_test_raise_signal(tc, test_free_waiting, SIGABRT);
    tcase_add_test(tc, test_source);
    tcase_add_test_raise_signal(tc, test_free_with_source, SIGABRT);
    suite_add_tcase(suite, tc);
    tc = tcase_create("places");
    tcase_add_test(tc, test_moves);
    tcase_add_loop_test_raise_signal(tc, test_no_move, SIGABRT, 0, PLACES * PLACES);
    tcase_add_test_raise_signal(tc, test_no_place_for_a_new_job, SIGABRT);
    tcase_add_loop_test_raise_signal(tc, test_no_new_state_in_a_list, SIGABRT, JOB_IN_LINE, PLACES);
    suite_add_tcase(suite, tc);
    tc = tcase_create("asked");
    tcase_add_test(tc, test_written_down_and_read_back_runs_as_the_original);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
