/* The modules accepted and refused by the loader, and the texts of refusals. */
#include "worker/loader.h"

#include "common/xmalloc.h"
#include "tests/unit/suite.h"
#include "tests/unit/worker/fake_master.h"
#include "worker/job.h"

#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *build_dir;
static char *module_dir;
static char *own_dir; /* temporary, for files other than modules */
static struct settings settings;
static struct loader *loader;
static struct worker_shared shared;
static struct refusal refusal;

/* `more` settings: a line each. */
static void open_loader(const char *dir, const char *more)
{
    char *text = xasprintf("boot=b\nmodule_dir=%s\n%s", dir, more);
    size_t len = strlen(text);

    for (char *end = text; (end = strchr(end, '\n')) != NULL;)
        *end++ = '\0';
    ck_assert_int_eq(settings_parse(&settings, text, len), 0);
    loader = loader_new(&settings, &shared);
    free(text);
}

static void set_up(void)
{
    char dir[] = "/tmp/test_worker_loader.XXXXXX";
    const char *build = getenv("BUILD");

    build_dir = realpath(build != NULL ? build : "build", NULL);
    ck_assert_ptr_nonnull(build_dir);
    module_dir = xasprintf("%s/tests/modules", build_dir);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    own_dir = xstrdup(dir);
    open_loader(module_dir, "");
}

static void tear_down(void)
{
    char *command = xasprintf("rm -rf %s", own_dir);

    ck_assert_int_eq(system(command), 0);
    free(command);
    loader_free(loader, &shared);
    settings_free(&settings);
    free(build_dir);
    free(module_dir);
    free(own_dir);
}

static void reopen_loader(const char *dir, const char *more)
{
    loader_free(loader, &shared);
    settings_free(&settings);
    open_loader(dir, more);
}

static void assert_refused(const char *name, const char *words)
{
    ck_assert_ptr_null(loader_get(loader, name, &refusal));
    ck_assert_msg(strstr(refusal.text, words) != NULL, "%s: \"%s\" is not in \"%s\"", name, words,
                  refusal.text);
    ck_assert_ptr_null(strchr(refusal.text, '\n'));
}

START_TEST(each_fault_has_its_own_words)
{
    static const struct {
        const char *name;
        const char *words;
    } cases[] = {
        {"missing", "No such file or directory: put the module's shared object there"},
        {"bad_abi", "built for module ABI 2, this worker has ABI 1: rebuild it"},
        {"bad_size", "its descriptor claims 55 bytes and ABI 1 has at least 56"},
        {"bad_name", "calls itself \"other\": rename the file, or set .name = \"bad_name\""},
        {"no_name", "has no name: add .name = \"no_name\""},
        {"no_run", "has no run function: add .run"},
        {"no_symbol", "exports no symbol tm_module"},
        {"undefined", "undefined symbol: nobody_defines_this: build it"},
        {"init_fails", "module init_fails: call 1 with {}"},
        {"init_silent", "module init_silent: init returned -7 and did not say why"},
    };

    ck_assert_uint_eq(TM_DESCRIPTOR_SIZE_MIN, 56);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(cases[i].name, cases[i].words);
}
END_TEST

static void write_own(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", own_dir, name);
    FILE *out = fopen(path, "w");

    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
    free(path);
}

START_TEST(what_is_no_shared_object_is_refused)
{
    char *fifo = xasprintf("%s/fifo.so", own_dir);

    reopen_loader(own_dir, "");
    write_own("text.so",
              "This is a text, long enough to be looked at as an ELF header by ld.so.\n");
    write_own("empty.so", "");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    assert_refused("text", "text.so: invalid ELF header: build it");
    assert_refused("empty", "empty.so: file too short: build it");
    assert_refused("fifo", "fifo.so: not a regular file");
    free(fifo);
}
END_TEST

START_TEST(a_file_put_right_works_with_the_next_job)
{
    char *from = xasprintf("%s/modules/echo.so", build_dir);
    char *to = xasprintf("%s/echo.so", own_dir);

    reopen_loader(own_dir, "");
    assert_refused("echo", "No such file");
    ck_assert_int_eq(symlink(from, to), 0);
    ck_assert_ptr_nonnull(loader_get(loader, "echo", &refusal));
    free(from);
    free(to);
}
END_TEST

START_TEST(a_failed_init_is_not_called_again)
{
    assert_refused("init_fails", "call 1 with");
    assert_refused("init_fails", "call 1 with");
}
END_TEST

/* A refusal is unfit unless a fresh worker would refuse as well; init() may fail for a moment
 * only. */
START_TEST(a_refusal_says_whose_fault_it_may_be)
{
    assert_refused("undefined", "build it");
    ck_assert(!refusal.unfit);
    assert_refused("bad_abi", "rebuild it");
    ck_assert(!refusal.unfit);
    assert_refused("missing", "put the module's shared object there");
    ck_assert(!refusal.unfit);
    for (int i = 0; i < 2; i++) {
        assert_refused("init_fails", "call 1 with");
        ck_assert(refusal.unfit);
    }
}
END_TEST

static void limit(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(resource, &limit), 0);
    limit.rlim_cur = most;
    ck_assert_int_eq(setrlimit(resource, &limit), 0);
}

START_TEST(a_lack_of_descriptors_is_the_workers)
{
    limit(RLIMIT_NOFILE, 64);
    while (dup(STDERR_FILENO) >= 0)
        ;
    assert_refused("probe", "Too many open files: this worker has no descriptor left");
    ck_assert(refusal.unfit && strstr(refusal.text, "cc -shared") == NULL);
    close(40);
    ck_assert_ptr_nonnull(loader_get(loader, "probe", &refusal));
    close(41);
    close(42);
}
END_TEST

START_TEST(a_lack_of_memory_is_the_workers)
{
    struct rlimit before;

    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    limit(RLIMIT_AS, 1);
    const struct module *module = loader_get(loader, "probe", &refusal);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    ck_assert_ptr_null(module);
    ck_assert_msg(strstr(refusal.text, "this worker has no memory left for it") != NULL, "%s",
                  refusal.text);
    ck_assert(refusal.unfit);
}
END_TEST

/* The state after a job calling chroot() or seteuid(). */
START_TEST(another_root_is_the_workers)
{
    if (geteuid() != 0)
        return;
    int root = open("/", O_PATH);
    ck_assert_int_eq(chroot(own_dir), 0);
    assert_refused("probe", "No such file or directory: a job has changed this worker's user");
    ck_assert(refusal.unfit);
    ck_assert_int_eq(fchdir(root), 0);
    ck_assert_int_eq(chroot("."), 0);
    close(root);
}
END_TEST

START_TEST(init_gets_the_modules_own_settings)
{
    reopen_loader(module_dir, "config:init_fails={\"a\":[1,\"b\"]}\n");
    assert_refused("init_fails", "call 1 with {\"a\":[1,\"b\"]}");
    reopen_loader(module_dir, "config:init_silent={}\nconfig:init_fails=7\n");
    assert_refused("init_fails", "with 7");
}
END_TEST

START_TEST(a_module_is_loaded_once)
{
    const struct module *probe = loader_get(loader, "probe", &refusal);

    ck_assert_ptr_nonnull(probe);
    ck_assert_ptr_nonnull(loader_get(loader, "newer", &refusal));
    ck_assert_ptr_eq(loader_get(loader, "probe", &refusal), probe);
    ck_assert_str_eq(probe->name, "probe");
    ck_assert(probe->descriptor.describe == NULL);
}
END_TEST

START_TEST(a_newer_descriptor_is_cut_to_what_is_known)
{
    const struct module *newer = loader_get(loader, "newer", &refusal);

    ck_assert_ptr_nonnull(newer);
    ck_assert_str_eq(newer->descriptor.version, "2.0");
    ck_assert(newer->descriptor.run != NULL);
}
END_TEST

START_TEST(a_constructor_that_crashes_takes_the_process_along)
{
    loader_get(loader, "constructor_crash", &refusal);
}
END_TEST

START_TEST(names_of_files_are_checked)
{
    static const char *const bad[] = {"/x/echo", "/x/.so", "/x/a.b.so", "/x/a b.so",
                                      "/x/echo.so.1"};
    struct module module;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(loader_check(bad[i], NULL, &module, &refusal), -1);
        ck_assert_ptr_nonnull(strstr(refusal.text, "a module's file is called NAME.so"));
    }
}
END_TEST

START_TEST(shipped_modules_describe_themselves)
{
    static const char *const names[] = {"echo",  "fib",  "math",     "sleep", "wc",
                                        "crash", "exec", "readfile", "kv"};
    char *dir = xasprintf("%s/modules", build_dir);

    reopen_loader(dir, "config:exec={\"commands\":{}}\nconfig:readfile={\"root\":\"/\"}\n");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct module *module = loader_get(loader, names[i], &refusal);
        ck_assert_msg(module != NULL, "%s", refusal.text);
        json_t *text = json_loads(module->descriptor.describe(), JSON_REJECT_DUPLICATES, NULL);
        ck_assert_msg(json_is_string(json_object_get(text, "help")), "%s: no help", names[i]);
        ck_assert_msg(json_object_get(text, "input") != NULL, "%s: no input", names[i]);
        ck_assert_ptr_nonnull(module->descriptor.version);
        json_decref(text);
    }
    free(dir);
}
END_TEST

/* Other symbols of a module could be confused with another module's. */
START_TEST(shipped_modules_export_their_descriptor_alone)
{
    char *command = xasprintf("nm -D --defined-only %s/modules/*.so | grep -c '^[0-9a-f]'; "
                              "nm -D --defined-only %s/modules/*.so | grep -c ' D tm_module$'; "
                              "ls %s/modules/*.so | wc -l",
                              build_dir, build_dir, build_dir);
    FILE *in = popen(command, "r");
    int symbols = 0;
    int descriptors = 0;
    int files = 0;

    ck_assert_ptr_nonnull(in);
    ck_assert_int_eq(fscanf(in, "%d %d %d", &symbols, &descriptors, &files), 3);
    ck_assert_int_eq(pclose(in), 0);
    ck_assert_int_ge(files, 8);
    ck_assert_int_eq(descriptors, files);
    if (!SANITIZED) /* a sanitizer adds symbols of its own */
        ck_assert_int_eq(symbols, files);
    free(command);
}
END_TEST

START_TEST(settings_are_checked)
{
    static const char bad[][64] = {
        "",
        "{}",
        "boot=b\0module_dir=/d", /* not closed */
        "boot=b\0module_dir=d\0",
        "boot=b\0module_dire=/d\0",
        "boot=b\0",
        "module_dir=/d\0",
    };
    static const size_t lengths[] = {0, 3, 20, 20, 22, 7, 14};
    static const char good[] = "boot=b\0module_dir=/d\0later=1\0"
                               "preload=a\0config:b={\"preload\":\"=\"}\0preload=b";
    struct settings s;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(settings_parse(&s, bad[i], lengths[i]), -1);
    ck_assert_int_eq(settings_parse(&s, good, sizeof(good)), 0);
    ck_assert_str_eq(s.module_dir, "/d");
    ck_assert_str_eq(settings_module_config(&s, "any"), "{}");
    ck_assert_str_eq(settings_module_config(&s, "b"), "{\"preload\":\"=\"}");
    const char *first = settings_preload(&s, NULL);
    ck_assert_str_eq(first, "a");
    const char *second = settings_preload(&s, first);
    ck_assert_str_eq(second, "b");
    ck_assert_ptr_null(settings_preload(&s, second));
    settings_free(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker loader");
    TCase *tc = tcase_create("loader");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, each_fault_has_its_own_words);
    tcase_add_test(tc, what_is_no_shared_object_is_refused);
    tcase_add_test(tc, a_file_put_right_works_with_the_next_job);
    tcase_add_test(tc, a_failed_init_is_not_called_again);
    tcase_add_test(tc, a_refusal_says_whose_fault_it_may_be);
    tcase_add_test(tc, a_lack_of_descriptors_is_the_workers);
    if (!SANITIZED) /* a sanitizer needs more memory */
        tcase_add_test(tc, a_lack_of_memory_is_the_workers);
    tcase_add_test(tc, another_root_is_the_workers);
    tcase_add_test(tc, init_gets_the_modules_own_settings);
    tcase_add_test(tc, a_module_is_loaded_once);
    tcase_add_test(tc, a_newer_descriptor_is_cut_to_what_is_known);
    tcase_add_test_raise_signal(tc, a_constructor_that_crashes_takes_the_process_along, SIGABRT);
    tcase_add_test(tc, names_of_files_are_checked);
    tcase_add_test(tc, shipped_modules_describe_themselves);
    tcase_add_test(tc, shipped_modules_export_their_descriptor_alone);
    tcase_add_test(tc, settings_are_checked);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
