/* test_top_view: the keys of `top`. */
#include "client/cli/top_view.h"

#include "tests/unit/client/cli/top_world.h"

static struct top_model model;
static struct top_view view;

static void set_up(void)
{
    top_model_init(&model);
    top_view_init(&view);
    world_take(&model, world_stats(9), world_jobs(5), world_workers(5), 1000);
    top_view_update(&view, &model);
}

static void tear_down(void)
{
    top_view_free(&view);
    top_model_free(&model);
}

/* Returns the wish of the last key. */
static enum top_wish press(const char *keys)
{
    size_t len = strlen(keys);
    enum top_wish wish = TOP_NOTHING;
    while (len > 0)
        wish = top_view_key(&view, &model, top_keys_take(&keys, &len), 10);
    return wish;
}

START_TEST(test_sequences)
{
    static const struct {
        const char *bytes;
        enum top_key key;
        size_t left;
    } cases[] = {
        {"q", (enum top_key)'q', 0},      {"\033[A", TOP_KEY_UP, 0},
        {"\033OB", TOP_KEY_DOWN, 0},      {"\033", TOP_KEY_ESCAPE, 0},
        {"\033q", TOP_KEY_ESCAPE, 1},     {"\033[6~x", TOP_KEY_PAGE_DOWN, 1},
        {"\r", TOP_KEY_ENTER, 0},         {"\b", TOP_KEY_BACKSPACE, 0},
        {"\033[12;5~y", TOP_KEY_NONE, 1}, {"\xc3", TOP_KEY_NONE, 0},
        {"\033[", TOP_KEY_NONE, 0},       {"\033[Z", TOP_KEY_BACK_TAB, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = cases[i].bytes;
        size_t len = strlen(at);
        ck_assert_int_eq(top_keys_take(&at, &len), cases[i].key);
        ck_assert_uint_eq(len, cases[i].left);
    }
}
END_TEST

START_TEST(test_quit)
{
    ck_assert_int_eq(press("q"), TOP_QUIT);
    ck_assert_int_eq(press("h"), TOP_NOTHING);
    ck_assert_int_eq(press("\003"), TOP_QUIT);
    ck_assert_int_eq(press("x/q"), TOP_NOTHING);
    ck_assert_int_eq(press("\033\f"), TOP_REPAINT);
}
END_TEST

START_TEST(test_focus)
{
    ck_assert_int_eq(view.focus, TOP_JOBS);
    press("\t");
    ck_assert_int_eq(view.focus, TOP_WORKERS);
    press("\t\t");
    ck_assert_int_eq(view.focus, TOP_MODULES);
    press("\033[Z\033[D");
    ck_assert_int_eq(view.focus, TOP_WORKERS);
    press("3");
    ck_assert_int_eq(view.focus, TOP_JOBS);
}
END_TEST

START_TEST(test_kill)
{
    press("\033[B");
    ck_assert_int_eq(press("k"), TOP_NOTHING);
    ck_assert_int_eq(view.mode, TOP_ASKING);
    ck_assert_str_eq(view.job, "k3f9-4");
    ck_assert_int_eq(press("y"), TOP_KILL_JOB);
    ck_assert_int_eq(press("cn"), TOP_NOTHING);
    ck_assert_str_eq(view.notice, "nothing was done");
    ck_assert_int_eq(press("cy"), TOP_CANCEL_JOB);
    press("4");
    ck_assert_int_eq(press("ky"), TOP_KILL_JOB);
    ck_assert_str_eq(view.job, "k3f9-1");
    ck_assert_int_eq(press("1ky"), TOP_NOTHING);
    ck_assert_int_eq(view.mode, TOP_TABLES);
}
END_TEST

START_TEST(test_filter)
{
    press("/module_03");
    ck_assert_uint_eq(json_array_size(view.places[TOP_MODULES].list), 1);
    press("\177\177");
    ck_assert_uint_eq(json_array_size(view.places[TOP_MODULES].list), 9);
    press("03\r");
    ck_assert_int_eq(view.mode, TOP_TABLES);
    ck_assert_str_eq(view.filter, "module_03");
    press("\033");
    ck_assert_str_eq(view.filter, "");
    for (int i = 0; i < 100; i++)
        press("/x");
    ck_assert_uint_le(strlen(view.filter), TOP_FILTER_MAX);
}
END_TEST

START_TEST(test_sort)
{
    size_t sort = view.places[TOP_JOBS].sort;
    press("s");
    ck_assert_uint_eq(view.places[TOP_JOBS].sort, sort + 1);
    press("SS");
    ck_assert_uint_eq(view.places[TOP_JOBS].sort, sort - 1);
    press("r");
    ck_assert(view.places[TOP_JOBS].reverse);
    press(" ");
    ck_assert(view.frozen);
}
END_TEST

/* The cursor's row is gone: the cursor stays where it is, as far as there are rows. */
START_TEST(test_row_gone)
{
    press("\033[F");
    ck_assert_uint_eq(view.places[TOP_JOBS].cursor, 4);
    json_t *jobs = world_jobs(2);
    top_model_take_jobs(&model, jobs, false);
    json_decref(jobs);
    top_view_update(&view, &model);
    ck_assert_uint_eq(view.places[TOP_JOBS].cursor, 1);
    jobs = json_array();
    top_model_take_jobs(&model, jobs, false);
    json_decref(jobs);
    top_view_update(&view, &model);
    ck_assert_uint_eq(view.places[TOP_JOBS].cursor, 0);
    press("\033[B\033[6~\033[Fk");
    ck_assert_int_eq(view.mode, TOP_TABLES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top_view");
    TCase *tc = tcase_create("top_view");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_sequences);
    tcase_add_test(tc, test_quit);
    tcase_add_test(tc, test_focus);
    tcase_add_test(tc, test_kill);
    tcase_add_test(tc, test_filter);
    tcase_add_test(tc, test_sort);
    tcase_add_test(tc, test_row_gone);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
