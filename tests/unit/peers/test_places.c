/* test_places: names of places are good once, and there are only so many places. */
#include "peers/places.h"

#include "tests/unit/support.h"

static const struct peers_place_kind kind = {.size = sizeof(struct peers_place)};
static struct peers_places places;

static void setup(void)
{
    peers_places_init(&places);
}

static void teardown(void)
{
    peers_places_free(&places);
}

static const char *name_of(const struct peers_place *place)
{
    static char name[PLACE_TEXT_MAX + 1];
    return peers_places_name(place, name);
}

START_TEST(test_a_name_is_good_once)
{
    struct peers_place *place = peers_places_add(&places, &kind);
    ck_assert_str_eq(name_of(place), "1-0");
    ck_assert_ptr_eq(peers_places_go_on(&places, &kind, "1-0"), place);
    ck_assert_ptr_null(peers_places_go_on(&places, &kind, "1-0"));
    ck_assert_str_eq(name_of(place), "1-1");
    ck_assert_ptr_eq(peers_places_go_on(&places, &kind, "1-1"), place);
    peers_places_remove(&places, place);
    ck_assert_ptr_null(peers_places_go_on(&places, &kind, "1-2"));
}
END_TEST

START_TEST(test_a_place_is_of_one_list)
{
    peers_places_add(&places, &kind);
    ck_assert_ptr_null(peers_places_go_on(&places, &peers_place_of_clients, "1-0"));
    ck_assert_ptr_nonnull(peers_places_go_on(&places, &kind, "1-0"));
}
END_TEST

START_TEST(test_other_names)
{
    static const char *const names[] = {"", "1", "1-", "-0", "01-0", "1-00", "1-0 ", "2-0"};
    peers_places_add(&places, &kind);
    for (size_t i = 0; i < SUPPORT_COUNT(names); i++)
        ck_assert_ptr_null(peers_places_go_on(&places, &kind, names[i]));
}
END_TEST

/* The one used last stays. */
START_TEST(test_the_oldest_makes_room)
{
    for (int i = 0; i < PLACES_MAX; i++)
        peers_places_add(&places, &kind);
    ck_assert_ptr_nonnull(peers_places_go_on(&places, &kind, "1-0"));
    peers_places_add(&places, &kind);
    ck_assert_uint_eq(places.count, PLACES_MAX);
    ck_assert_ptr_null(peers_places_go_on(&places, &kind, "2-0"));
    ck_assert_ptr_nonnull(peers_places_go_on(&places, &kind, "1-1"));
    ck_assert_ptr_nonnull(peers_places_go_on(&places, &kind, "3-0"));
}
END_TEST

START_TEST(test_the_longest_name_fits)
{
    struct peers_place *place = peers_places_add(&places, &kind);
    place->number = place->page = UINT64_MAX;
    ck_assert_uint_le(strlen(name_of(place)), PLACE_TEXT_MAX);
    ck_assert_ptr_nonnull(peers_places_go_on(&places, &kind, name_of(place)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("places");
    TCase *tc = tcase_create("places");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_a_name_is_good_once);
    tcase_add_test(tc, test_a_place_is_of_one_list);
    tcase_add_test(tc, test_other_names);
    tcase_add_test(tc, test_the_oldest_makes_room);
    tcase_add_test(tc, test_the_longest_name_fits);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
