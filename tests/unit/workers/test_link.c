/* test_link: the states of a worker's link: every pair of the matrix. */
#include "workers/link.h"

#include "tests/unit/support.h"

#include <signal.h>

enum { PAIRS = LINK_STATES * LINK_STATES };

/* The same as the drawing in link.h: A authenticated, R ready, T retiring, C closed, K killed, D
 * reaped (dead). */
static const char *const ways[LINK_STATES] = {
    [LINK_STARTED] = "AKD", [LINK_AUTHENTICATED] = "RTCKD", [LINK_READY] = "TCKD",
    [LINK_RETIRING] = "KD", [LINK_CLOSED] = "KD",           [LINK_KILLED] = "D",
    [LINK_REAPED] = "",
};

static const char letters[LINK_STATES + 1] = "SARTCKD";

static bool is_drawn(enum worker_link_state from, enum worker_link_state to)
{
    return strchr(ways[from], letters[to]) != NULL;
}

static enum worker_link_state from_of(int pair)
{
    return (enum worker_link_state)(pair / LINK_STATES);
}

static enum worker_link_state to_of(int pair)
{
    return (enum worker_link_state)(pair % LINK_STATES);
}

/* A link with that state, by force. */
static struct worker_link link_in(enum worker_link_state state)
{
    return (struct worker_link){.state = (uint8_t)state, .been = (uint8_t)(1u << state)};
}

START_TEST(test_way)
{
    enum worker_link_state from = from_of(_i), to = to_of(_i);
    ck_assert(worker_link_may_turn(from, to) == is_drawn(from, to));
    if (!is_drawn(from, to))
        return;
    struct worker_link link = link_in(from);
    ck_assert(!worker_link_has_been(&link, to));
    worker_link_set_state(&link, to);
    ck_assert_int_eq(link.state, to);
    ck_assert(worker_link_has_been(&link, from) && worker_link_has_been(&link, to));
}
END_TEST

START_TEST(test_no_way)
{
    enum worker_link_state from = from_of(_i), to = to_of(_i);
    struct worker_link link = link_in(from);
    if (is_drawn(from, to))
        raise(SIGABRT); /* test_way has it */
    worker_link_set_state(&link, to);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link");
    TCase *tc = tcase_create("states");
    tcase_add_loop_test(tc, test_way, 0, PAIRS);
    tcase_add_loop_test_raise_signal(tc, test_no_way, SIGABRT, 0, PAIRS);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
