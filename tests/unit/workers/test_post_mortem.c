/* test_post_mortem: the record of a crash is checked, told and recognised. */
#include "workers/post_mortem.h"

#include "tests/unit/support.h"

#include <signal.h>

static struct worker_shared shared;
static struct post_mortem crash;

static void add_object(const char *path)
{
    struct crash_object *object = &shared.crash.objects[shared.crash.object_count++];
    snprintf(object->path, sizeof object->path, "%s", path);
}

static void add_frame(uint64_t offset, uint32_t object)
{
    shared.crash.frames[shared.crash.frame_count++] =
        (struct crash_frame){.offset = offset, .object = object};
}

enum { CRASH_SO, LIBC, LOADER, LIBRARY };

static void set_up(void)
{
    memset(&shared, 0, sizeof shared);
    shared.crash.signal = SIGSEGV;
    shared.crash.code = SEGV_MAPERR;
    strcpy(shared.crash.thread, "main");
    add_object("/modules/crash.so");
    add_object("/lib/libc.so.6");
    add_object("/lib64/ld-linux-x86-64.so.2");
    add_object("/lib/libm.so.6");
}

static uint32_t fingerprint(const char *module)
{
    post_mortem_read(&crash, &shared, (int)shared.crash.signal, module);
    ck_assert(crash.exists);
    return crash.fingerprint;
}

static const char *top(void)
{
    static char text[POST_MORTEM_FRAME_MAX];
    fingerprint("crash");
    return post_mortem_top(&crash, text);
}

/* --- reading --- */

START_TEST(test_signal_must_match)
{
    post_mortem_read(&crash, &shared, SIGKILL, "crash");
    ck_assert(!crash.exists);
    post_mortem_read(&crash, &shared, 0, "crash"); /* exited with status 0 */
    ck_assert(!crash.exists);
    post_mortem_read(&crash, &shared, SIGSEGV | 0x80, "crash"); /* core dumped */
    ck_assert(crash.exists);
    shared.crash.signal = 0;
    post_mortem_read(&crash, &shared, SIGSEGV, "crash");
    ck_assert(!crash.exists);
}
END_TEST

START_TEST(test_senseless_record)
{
    memset(&shared.crash, 0xff, sizeof shared.crash);
    shared.crash.signal = SIGSEGV;
    fingerprint("crash");
    json_t *json = post_mortem_json(&crash), *frames = json_object_get(json, "backtrace");
    ck_assert_uint_eq(json_array_size(frames), CRASH_FRAMES_MAX);
    ck_assert_str_eq(json_string_value(json_object_get(json, "thread")), "???????????????");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(frames, 0), "object")), "");
    json_decref(json);
    for (uint32_t i = 0; i < CRASH_FRAMES_MAX; i++)
        shared.crash.frames[i].object = i;
    fingerprint("crash");
    json = post_mortem_json(&crash);
    frames = json_object_get(json, "backtrace");
    const char *path =
        json_string_value(json_object_get(json_array_get(frames, CRASH_OBJECTS_MAX - 1), "object"));
    ck_assert_uint_eq(strlen(path), CRASH_PATH_MAX - 1);
    json_decref(json);
}
END_TEST

/* --- the fingerprint --- */

START_TEST(test_fingerprint)
{
    add_frame(0x10, CRASH_SO);
    uint32_t base = fingerprint("crash");
    ck_assert_uint_ne(base, fingerprint("other"));
    shared.crash.address = 0x1234;
    shared.crash.code = SEGV_ACCERR;
    strcpy(shared.crash.objects[CRASH_SO].path, "/elsewhere/crash.so");
    ck_assert_uint_eq(base, fingerprint("crash"));
    shared.crash.frames[0].offset = 0x11;
    ck_assert_uint_ne(base, fingerprint("crash"));
    shared.crash.frames[0].offset = 0x10;
    shared.crash.signal = SIGBUS;
    ck_assert_uint_ne(base, fingerprint("crash"));
    shared.crash.signal = SIGSEGV;
    strcpy(shared.crash.objects[CRASH_SO].path, "/elsewhere/crash2.so");
    ck_assert_uint_ne(base, fingerprint("crash"));
}
END_TEST

/* Frames of the C library and the loader do not count; others do, up to three. */
START_TEST(test_frames_of_the_fingerprint)
{
    add_frame(0x10, CRASH_SO);
    add_frame(0x20, LIBRARY);
    add_frame(0x30, CRASH_SO);
    uint32_t base = fingerprint("crash");
    add_frame(0x40, CRASH_SO);
    ck_assert_uint_eq(base, fingerprint("crash"));
    shared.crash.frame_count = 0;
    add_frame(0x77, LIBC);
    add_frame(0x10, CRASH_SO);
    add_frame(0x78, LOADER);
    add_frame(0x20, LIBRARY);
    ck_assert_uint_ne(base, fingerprint("crash"));
    add_frame(0x30, CRASH_SO);
    ck_assert_uint_eq(base, fingerprint("crash"));
}
END_TEST

/* The address of a frame without a file is another one in each process. */
START_TEST(test_frame_without_file)
{
    add_frame(0x7f0000000000, CRASH_NO_OBJECT);
    add_frame(0x10, CRASH_SO);
    uint32_t base = fingerprint("crash");
    shared.crash.frames[0].offset = 0x7e0000000000;
    ck_assert_uint_eq(base, fingerprint("crash"));
    ck_assert_str_eq(top(), "crash.so+0x10");
}
END_TEST

/* --- words --- */

START_TEST(test_top)
{
    ck_assert_ptr_null(top());
    add_frame(0x77, LIBC);
    ck_assert_str_eq(top(), "libc.so.6+0x77");
    add_frame(0x88, LIBRARY);
    add_frame(0x10, CRASH_SO);
    ck_assert_str_eq(top(), "libm.so.6+0x88");
}
END_TEST

static void assert_json(const char *expected)
{
    fingerprint("crash");
    crash.fingerprint = 0xabc;
    json_t *json = post_mortem_json(&crash);
    char *text = json_dumps(json, JSON_COMPACT);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(json);
}

START_TEST(test_json)
{
    shared.crash.address = 0x8;
    shared.crash.objects[CRASH_SO].build_id_len = 3;
    memcpy(shared.crash.objects[CRASH_SO].build_id, "\x01\xab\xff", 3);
    add_frame(0x11a9, CRASH_SO);
    add_frame(0x41414141, CRASH_NO_OBJECT);
    assert_json("{\"signal\":\"SIGSEGV\",\"code\":\"SEGV_MAPERR\",\"address\":\"0x8\","
                "\"thread\":\"main\",\"fingerprint\":\"00000abc\",\"backtrace\":["
                "{\"object\":\"/modules/crash.so\",\"offset\":\"0x11a9\",\"build_id\":\"01abff\"},"
                "{\"object\":\"\",\"offset\":\"0x41414141\",\"build_id\":\"\"}]}");
    shared.crash.frame_count = 0;
    shared.crash.signal = SIGABRT;
    shared.crash.code = SI_TKILL;
    strcpy(shared.crash.thread, "a\"b");
    assert_json("{\"signal\":\"SIGABRT\",\"code\":\"SI_TKILL\",\"thread\":\"a\\\"b\","
                "\"fingerprint\":\"00000abc\",\"backtrace\":[]}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("post_mortem");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_signal_must_match);
    tcase_add_test(tc, test_senseless_record);
    tcase_add_test(tc, test_fingerprint);
    tcase_add_test(tc, test_frames_of_the_fingerprint);
    tcase_add_test(tc, test_frame_without_file);
    tcase_add_test(tc, test_top);
    tcase_add_test(tc, test_json);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
