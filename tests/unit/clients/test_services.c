/* test_services: who has a name, and since when it is free. */
#include "clients/services.h"

#include "clients/session.h"
#include "tests/unit/clients/clients_world.h"

#include <stdio.h>

#define HELLO_NAMED      "{\"op\":\"hello\",\"protocol\":1,\"client\":\"thumbs \\\"2\\\"\"}\n"
#define REGISTER(name)   "{\"op\":\"register\",\"name\":\"" name "\"}\n"
#define UNREGISTER(name) "{\"op\":\"unregister\",\"name\":\"" name "\"}\n"
#define LIST             "{\"op\":\"services\",\"id\":1}\n"
#define OK_REGISTER      "{\"event\":\"ok\",\"op\":\"register\"}\n"
#define OK_UNREGISTER    "{\"event\":\"ok\",\"op\":\"unregister\"}\n"

/* --- changes, as a monitor hears them --- */

static char changes[1024];

static void note(const struct client_service *service, const struct client_session *owner,
                 enum client_service_change change)
{
    size_t len = strlen(changes);
    snprintf(changes + len, sizeof changes - len, "%s %s %u %s;", service->name,
             service->owner ? "of" : "free from", (unsigned)owner->peer.number,
             client_service_change_name(change));
}

static void assert_changes(const char *expected)
{
    ck_assert_str_eq(changes, expected);
    changes[0] = '\0';
}

/* --- peers --- */

static int greeted_by(const char *hello)
{
    int fd = come(hello);
    turns();
    assert_welcome(fd);
    return fd;
}

static int greeted(void)
{
    return greeted_by(HELLO_PLAIN);
}

static void ask(int fd, const char *text)
{
    say(fd, text);
    turns();
}

static void assert_answer(int fd, const char *request, const char *expected)
{
    ask(fd, request);
    assert_heard(fd, expected);
}

static void open_services(void)
{
    open_world(1000, NULL);
    clients.services.changed = note;
    changes[0] = '\0';
}

START_TEST(test_a_name_has_one_owner)
{
    open_services();
    int one = greeted(), other = greeted_by(HELLO_NAMED);
    assert_answer(one, REGISTER("thumbs.v2"), OK_REGISTER);
    assert_changes("thumbs.v2 of 1 registered;");
    assert_answer(one, REGISTER("thumbs.v2"), OK_REGISTER);
    assert_changes("");
    assert_answer(other, REGISTER("thumbs.v2"), "\"code\":\"name-taken\"");
    assert_answer(other, REGISTER("thumbs.v2"), "\"owner\":{\"client\":1,\"name\":null}}\n");
    assert_answer(other, UNREGISTER("thumbs.v2"), "\"code\":\"denied\"");
    assert_answer(one, UNREGISTER("thumbs.v2"), OK_UNREGISTER);
    assert_changes("thumbs.v2 free from 1 unregistered;");
    assert_answer(one, UNREGISTER("thumbs.v2"), "\"code\":\"unknown-service\"");
    assert_answer(other, UNREGISTER("none"), "\"code\":\"unknown-service\"");
    assert_answer(other, REGISTER("thumbs.v2"), OK_REGISTER);
    assert_changes("thumbs.v2 of 2 registered;");
    assert_answer(one, REGISTER("thumbs.v2"),
                  "\"owner\":{\"client\":2,\"name\":\"thumbs \\\"2\\\"\"}}\n");
    close_world();
}
END_TEST

START_TEST(test_the_list)
{
    open_services();
    int one = greeted(), other = greeted_by(HELLO_NAMED);
    assert_answer(one, LIST, "{\"event\":\"services\",\"id\":1,\"size\":2}\n[]");
    ask(one, REGISTER("b") REGISTER("a"));
    ask(other, REGISTER("c") UNREGISTER("c") REGISTER("d"));
    client_services_find(&clients, "a")->delivered = 3;
    client_services_find(&clients, "a")->dropped = 4;
    now_us += 7000000;
    turns();
    assert_heard(one, OK_REGISTER OK_REGISTER);
    assert_answer(one, LIST,
                  "\n[{\"name\":\"b\",\"owner\":{\"client\":1,\"name\":null},\"since_ms\":7000,"
                  "\"delivered\":0,\"dropped\":0},"
                  "{\"name\":\"a\",\"owner\":{\"client\":1,\"name\":null},\"since_ms\":7000,"
                  "\"delivered\":3,\"dropped\":4},"
                  "{\"name\":\"d\",\"owner\":{\"client\":2,\"name\":\"thumbs \\\"2\\\"\"},"
                  "\"since_ms\":7000,\"delivered\":0,\"dropped\":0}]");
    close_world();
}
END_TEST

/* Whatever way its owner goes. */
START_TEST(test_the_end_of_input_frees_names)
{
    open_services();
    int half = greeted(), gone = greeted(), wrong = greeted(), heir = greeted();
    ask(half, REGISTER("a") REGISTER("b"));
    ask(gone, REGISTER("c"));
    ask(wrong, REGISTER("d"));
    assert_changes("a of 1 registered;b of 1 registered;c of 2 registered;d of 3 registered;");
    shutdown(half, SHUT_WR);
    turns();
    assert_changes("b free from 1 gone;a free from 1 gone;");
    close(gone);
    turns();
    assert_changes("c free from 2 gone;");
    ask(wrong, "no JSON\n");
    assert_changes("d free from 3 gone;");
    assert_answer(heir, REGISTER("a") REGISTER("b") REGISTER("c") REGISTER("d"),
                  OK_REGISTER OK_REGISTER OK_REGISTER OK_REGISTER);
    ck_assert_uint_eq(clients.services.registered_count, 4);
    close_world();
}
END_TEST

/* Registers the names "PREFIX-FIRST" to "PREFIX-LAST" in the session itself. */
static void fill(struct client_session *session, int first, int last)
{
    char name[32];
    for (int i = first; i <= last; i++) {
        snprintf(name, sizeof name, "s-%d", i);
        client_services_register(session, name);
    }
}

START_TEST(test_names_of_a_connection_are_bounded)
{
    open_services();
    clients.services.changed = NULL;
    int fd = greeted();
    fill(client_session_of(TAILQ_FIRST(&clients.peers.list)), 1, SERVICES_EACH);
    assert_answer(fd, REGISTER("more"), "\"code\":\"too-many\"");
    assert_answer(fd, REGISTER("s-64"), OK_REGISTER);
    assert_answer(fd, UNREGISTER("s-64") REGISTER("more"), OK_UNREGISTER OK_REGISTER);
    assert_answer(fd, REGISTER("s-64"), "this connection has 64 services already");
    close_world();
}
END_TEST

START_TEST(test_names_of_all_are_bounded)
{
    open_services();
    clients.services.changed = NULL;
    int fd = greeted(), other = greeted();
    fill(client_session_of(TAILQ_FIRST(&clients.peers.list)), 1, SERVICES_MAX);
    assert_answer(other, REGISTER("more"), "the server has 65536 services already");
    assert_answer(other, REGISTER("s-1"), "\"code\":\"name-taken\"");
    close(fd);
    turns();
    assert_answer(other, REGISTER("more"), OK_REGISTER);
    close_world();
}
END_TEST

/* The counts of a name outlive its owner, but not very many other free names. */
START_TEST(test_records_of_free_names_are_kept)
{
    open_services();
    clients.services.changed = NULL;
    int fd = greeted();
    struct client_session *session = client_session_of(TAILQ_FIRST(&clients.peers.list));
    client_services_register(session, "old");
    client_services_find(&clients, "old")->dropped = 5;
    client_services_unregister(client_services_find(&clients, "old"));
    fill(session, 1, SERVICES_KEPT);
    for (int i = 1; i < SERVICES_KEPT; i++)
        client_services_unregister(LIST_FIRST(&session->services));
    ck_assert_uint_eq(clients.services.kept_count, SERVICES_KEPT);
    ck_assert_uint_eq(client_services_find(&clients, "old")->dropped, 5);
    client_services_register(session, "old");
    ck_assert_uint_eq(clients.services.kept_count, SERVICES_KEPT - 1);
    ck_assert_uint_eq(client_services_find(&clients, "old")->dropped, 5);
    client_services_unregister(client_services_find(&clients, "old"));
    client_services_unregister(LIST_FIRST(&session->services));
    ck_assert_uint_eq(clients.services.kept_count, SERVICES_KEPT);
    ck_assert_ptr_null(client_services_find(&clients, "s-1024")); /* free for the longest */
    close(fd);
    close_world();
}
END_TEST

/* The right `serve`; its limits to names are for the operation. */
START_TEST(test_rights)
{
    open_world(10, TOKENS("of-all"));
    add_token("plain", "of-plain", RIGHT_SUBMIT | RIGHT_OBSERVE);
    struct grant limited = {.name = xstrdup("limited"), .rights = RIGHT_SERVE};
    grant_limit(&limited, "serve:a.1");
    token_set_add_grant(&access_settings.tokens, "of-limited", limited);
    clients_configure(&clients, &settings, &access_settings);
    int plain = greeted_by(HELLO("of-plain")), serves = greeted_by(HELLO("of-limited"));
    int all = greeted_by(HELLO("of-all"));
    assert_answer(plain, REGISTER("a.1"), "needs the right serve;");
    assert_answer(serves, REGISTER("a.2"), "needs the right serve:a.2;");
    assert_answer(serves, REGISTER("a.1"), OK_REGISTER);
    assert_answer(serves, LIST, "needs the right observe;");
    assert_answer(all, REGISTER("a.2"), OK_REGISTER);
    assert_answer(plain, LIST, "\"owner\":{\"client\":2,\"name\":\"limited\"}");
    assert_answer(all, REGISTER("a.1"), "\"owner\":{\"client\":2,\"name\":\"limited\"}");
    close_world();
}
END_TEST

/* Adds a token with the right `serve` for two names, or for one of them. */
static void add_server(bool both)
{
    struct grant grant = {.name = xstrdup("server"), .rights = RIGHT_SERVE};
    grant_limit(&grant, "serve:a");
    if (both)
        grant_limit(&grant, "serve:b");
    token_set_add_grant(&access_settings.tokens, "of-server", grant);
    clients_configure(&clients, &settings, &access_settings);
}

START_TEST(test_a_reload_takes_names_away)
{
    open_services();
    reload(10, TOKENS("of-all"));
    add_server(true);
    add_token("plain", "of-plain", RIGHT_SERVE);
    int serves = greeted_by(HELLO("of-server")), plain = greeted_by(HELLO("of-plain"));
    ask(serves, REGISTER("a") REGISTER("b"));
    ask(plain, REGISTER("c") REGISTER("d"));
    assert_changes("a of 1 registered;b of 1 registered;c of 2 registered;d of 2 registered;");
    reload(10, TOKENS("of-all"));
    add_server(false);
    add_token("plain", "of-plain", RIGHT_SUBMIT);
    turns();
    assert_changes("b free from 1 unregistered;d free from 2 unregistered;"
                   "c free from 2 unregistered;");
    ck_assert_ptr_nonnull(client_services_find(&clients, "a")->owner);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("services");
    TCase *tc = tcase_create("services");
    tcase_add_test(tc, test_a_name_has_one_owner);
    tcase_add_test(tc, test_the_list);
    tcase_add_test(tc, test_the_end_of_input_frees_names);
    tcase_add_test(tc, test_names_of_a_connection_are_bounded);
    tcase_add_test(tc, test_names_of_all_are_bounded);
    tcase_add_test(tc, test_records_of_free_names_are_kept);
    tcase_add_test(tc, test_rights);
    tcase_add_test(tc, test_a_reload_takes_names_away);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
