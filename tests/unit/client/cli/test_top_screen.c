/* test_top_screen: the screen of `top`, as text, at several sizes. */
#include "client/cli/top_screen.h"

#include "tests/unit/client/cli/top_world.h"

static struct top_model model;
static struct top_view view;
static struct top_screen screen;

static void set_up(void)
{
    top_model_init(&model);
    top_view_init(&view);
    top_screen_init(&screen);
}

static void tear_down(void)
{
    top_screen_free(&screen);
    top_view_free(&view);
    top_model_free(&model);
}

static void draw(int rows, int cols)
{
    top_view_update(&view, &model);
    top_screen_resize(&screen, rows, cols);
    top_screen_draw(&screen, &model, &view, "127.0.0.1:7741");
}

/* Nothing wraps, nothing steers the terminal, and the screen is full. */
static void check_screen(void)
{
    ck_assert_int_eq(screen.used, screen.rows);
    for (int row = 0; row < screen.used; row++) {
        const char *text = screen.lines[row].text;
        ck_assert_uint_le(strlen(text), (size_t)screen.cols);
        for (const char *c = text; *c; c++)
            ck_assert_msg(*c >= ' ' && *c < 0x7f, "%s", text);
    }
}

static const char *line(int row)
{
    static char text[TOP_WIDTH_MAX + 1];
    snprintf(text, sizeof text, "%s", screen.lines[row].text);
    for (size_t len = strlen(text); len > 0 && text[len - 1] == ' '; len--)
        text[len - 1] = '\0';
    return text;
}

static int count_lines(const char *words)
{
    int count = 0;
    for (int row = 0; row < screen.used; row++)
        count += strstr(screen.lines[row].text, words) != NULL;
    return count;
}

START_TEST(test_small)
{
    model.since_start = true;
    world_take(&model, world_stats(2), world_jobs(2), world_workers(2), 1000);
    draw(24, 80);
    check_screen();
    static const char *const lines[] = {
        "taskmasterd/0.2.0  127.0.0.1:7741  up 3h12m  12 clients  boot k3f9",
        "Jobs         0.0/s  250 running  12 waiting (3.4s)  12 failed  123k done",
        "Workers   [################....]  250 busy of 300  3 idle  1 DEAD  1 starting",
        "Server    rss 4.1M  lag 90us, max 2.1ms  payloads 1000B of 256M  34 files",
        "POOL 2      WORKERS   BUSY    WAIT  OLDEST  JOBS/S   W.P99   R.P50   R.P99",
        "default         243    240      12    3.4s     0.0   270us   2.5ms   7.5ms",
        "slow             13     10      12    3.4s     0.0   270us   2.5ms   7.5ms",
        "MODULE 2        RUN    WAIT  JOBS/S    DONE  FAILED   W.P99   R.P50   R.P99",
        "module_00         0       0     0.0       0       0       -       -       -",
        "module_01         1       1     0.0    1000       1    30us   100us   300us",
        "JOB 2           MODULE      POOL      STATE        RAN   DONE  WORKER  OWNER",
        "k3f9-2          module_01   default   running   20.0ms    42%       2  web",
        "k3f9-1          module_01   default   running   10.0ms    42%       1  web",
        "WORKER 2           PID  POOL        STATE      SINCE  MODULE        JOBS     RSS",
        "1               100001  default     busy      10.0ms  module_01        1    1.6M",
        "2               100002  default     busy      20.0ms  module_01        2    1.6M",
    };
    for (int row = 0; row < (int)(sizeof lines / sizeof *lines); row++)
        ck_assert_str_eq(line(row), lines[row]);
    ck_assert_str_eq(line(23), "q quit  h help  tab section  s sort  / filter  c cancel  k kill  "
                               "space freeze");
}
END_TEST

START_TEST(test_all_sizes)
{
    static const int rows[] = {1, 2, 5, 9, 24, 25, 40, 60, 500}, cols[] = {1, 10, 33, 80, 200, 400};
    world_take(&model, world_stats(50), world_jobs(256), world_workers(256), 1000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < sizeof cols / sizeof *cols; j++) {
            draw(rows[i], cols[j]);
            check_screen();
        }
}
END_TEST

/* Each section has its part, and the one in focus more. */
START_TEST(test_many)
{
    world_take(&model, world_stats(50), world_jobs(256), world_workers(256), 1000);
    draw(24, 80);
    ck_assert_int_eq(count_lines("POOL 2 "), 1);
    ck_assert_int_eq(count_lines("MODULE 1-3/50"), 1);
    ck_assert_int_eq(count_lines("JOB 1-7/256"), 1);
    ck_assert_int_eq(count_lines("WORKER 1-3/256"), 1);
    draw(60, 200);
    check_screen();
    ck_assert_int_eq(count_lines("MODULE 1-"), 1);
    ck_assert_int_eq(count_lines("thumbs"), 23);
    ck_assert_int_eq(count_lines("half ?[31m way"), 23);
    ck_assert_int_eq(count_lines("module_07"), 1);
}
END_TEST

/* The server was asked for some of its jobs. */
START_TEST(test_more_jobs)
{
    json_t *jobs = world_jobs(500);
    world_take(&model, world_stats(2), NULL, world_workers(2), 1000);
    top_model_take_jobs(&model, jobs, true);
    draw(24, 80);
    ck_assert_int_eq(count_lines("/500+ "), 1);
    draw(600, 80);
    ck_assert_int_eq(count_lines("JOB 500+ "), 1);
    top_model_take_jobs(&model, jobs, false);
    draw(600, 80);
    ck_assert_int_eq(count_lines("JOB 500 "), 1);
    json_decref(jobs);
}
END_TEST

/* The cursor's row is always on the screen, also when it moves in the order. */
START_TEST(test_cursor)
{
    world_take(&model, world_stats(5), world_jobs(256), world_workers(256), 1000);
    draw(24, 80);
    for (int i = 0; i < 100; i++)
        top_view_key(&view, &model, TOP_KEY_DOWN, screen.page[view.focus]);
    draw(24, 80);
    ck_assert_str_eq(view.places[TOP_JOBS].key, "k3f9-156");
    ck_assert_int_eq(count_lines("k3f9-156 "), 1);
    top_view_key(&view, &model, (enum top_key)'r', 1);
    draw(24, 80);
    ck_assert_int_eq(count_lines("k3f9-156 "), 1);
    ck_assert_uint_eq(view.places[TOP_JOBS].cursor, 155);
    top_view_key(&view, &model, TOP_KEY_END, 1);
    draw(24, 80);
    ck_assert_int_eq(count_lines("k3f9-256 "), 1);
    top_view_key(&view, &model, TOP_KEY_HOME, 1);
    draw(24, 80);
    ck_assert_uint_eq(view.places[TOP_JOBS].first, 0);
}
END_TEST

/* Sizes are told to the byte where they are small. */
START_TEST(test_small_size)
{
    json_t *jobs = json_pack("[{ss,ss,si}]", "job", "k3f9-1", "state", "running", "size", 11);
    world_take(&model, world_stats(1), jobs, json_array(), 1000);
    draw(60, 200);
    ck_assert_int_eq(count_lines(" 11B"), 1);
}
END_TEST

START_TEST(test_alarms)
{
    world_take(&model, world_stats(9), world_jobs(2), world_workers(2), 1000);
    draw(60, 120);
    for (int row = 0; row < screen.used; row++)
        if (strncmp(screen.lines[row].text, "module_07", 9) == 0)
            ck_assert_int_eq(screen.lines[row].look, TOP_ALARM);
    ck_assert_int_eq(count_lines("open"), 1);
}
END_TEST

/* The section in focus has the rows of all. */
START_TEST(test_low)
{
    world_take(&model, world_stats(50), world_jobs(256), world_workers(256), 1000);
    draw(14, 80);
    check_screen();
    ck_assert_int_eq(count_lines("JOB 1-10/256"), 1);
    ck_assert_int_eq(count_lines("POOL 2 ") + count_lines("MODULE "), 1);
    ck_assert_int_eq(count_lines("Jobs  ") + count_lines("Workers  "), 2);
    draw(4, 80);
    ck_assert_int_eq(count_lines("Workers  "), 0);
    ck_assert_int_eq(count_lines("JOB 1-1/256"), 1);
    draw(3, 80);
    ck_assert_int_eq(count_lines("JOB 256"), 1);
}
END_TEST

/* A long name leaves room for figures. */
START_TEST(test_long_name)
{
    json_t *stats = world_stats(2);
    json_object_set_new(json_object_get(stats, "modules"),
                        "a_name_of_a_module_that_goes_on_and_on_and_on", world_module(3));
    world_take(&model, stats, NULL, json_array(), 1000);
    draw(24, 80);
    check_screen();
    ck_assert_int_eq(count_lines("a_name_of_a_module_~"), 1);
    ck_assert_int_eq(count_lines("R.P99"), 2);
}
END_TEST

START_TEST(test_no_answer)
{
    world_take(&model, world_stats(2), NULL, json_array(), 1000);
    model.silent_ms = 500;
    draw(24, 80);
    ck_assert_int_eq(count_lines("NO ANSWER"), 0);
    model.silent_ms = 4200;
    draw(24, 80);
    ck_assert_int_eq(count_lines("NO ANSWER for 4.2s"), 1);
    draw(5, 30);
    check_screen();
    ck_assert_int_eq(count_lines("NO ANSWER for 4.2s"), 1);
}
END_TEST

START_TEST(test_for_a_file)
{
    world_take(&model, world_stats(50), world_jobs(256), world_workers(256), 1000);
    top_view_update(&view, &model);
    top_screen_resize(&screen, 1, 200);
    top_screen_draw_all(&screen, &model, &view, "unix:/run/tm");
    ck_assert_int_eq(screen.used, 4 + 8 + 2 + 50 + 256 + 256);
    ck_assert_int_eq(count_lines("MODULE 50"), 1);
    ck_assert_int_eq(count_lines("q quit"), 0);
}
END_TEST

START_TEST(test_help)
{
    view.mode = TOP_HELP;
    draw(24, 80);
    check_screen();
    ck_assert_int_eq(count_lines("cancel the job under the cursor"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top_screen");
    TCase *tc = tcase_create("top_screen");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_small);
    tcase_add_test(tc, test_all_sizes);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_more_jobs);
    tcase_add_test(tc, test_cursor);
    tcase_add_test(tc, test_small_size);
    tcase_add_test(tc, test_alarms);
    tcase_add_test(tc, test_low);
    tcase_add_test(tc, test_long_name);
    tcase_add_test(tc, test_no_answer);
    tcase_add_test(tc, test_for_a_file);
    tcase_add_test(tc, test_help);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
