/* Crashes as text, with names from real objects: compiled here with and without -g, stripped,
 * replaced, missing, with inlined functions. */
#include "client/cli/crash_report.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lines are counted from 1: the fault is in line 3, its caller in line 8, the outer one in 13. */
static const char source[] =
    "static inline __attribute__((always_inline)) void fault(volatile int *at)\n"
    "{\n"
    "    *at = 1;\n"
    "}\n"
    "\n"
    "static inline __attribute__((always_inline)) void between(void)\n"
    "{\n"
    "    fault((volatile int *)8);\n"
    "}\n"
    "\n"
    "__attribute__((noinline)) int crash_now(void)\n"
    "{\n"
    "    between();\n"
    "    return 0;\n"
    "}\n"
    "\n"
    "int other(void) { return 1; }\n";

static char folder[] = "/tmp/test_crash_report.XXXXXX";

__attribute__((format(printf, 1, 2))) static void shell(const char *fmt, ...)
{
    char command[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    ck_assert_msg(system(command) == 0, "%s", command);
}

static void enter(void)
{
    strcpy(folder, "/tmp/test_crash_report.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    FILE *file = fopen("m.c", "we");
    ck_assert_ptr_nonnull(file);
    fputs(source, file);
    fclose(file);
}

static void leave(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    shell("rm -r %s", folder);
}

static void compile(const char *compiler, const char *flags)
{
    shell("%s -O1 -shared -fPIC -Wl,--build-id %s -o m.so m.c", compiler, flags);
}

/* Reads the first word of a command's output. */
__attribute__((format(printf, 3, 4))) static void word_of(char *word, size_t size, const char *fmt,
                                                          ...)
{
    char command[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    FILE *pipe = popen(command, "re");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_msg(fgets(word, (int)size, pipe) != NULL, "%s", command);
    pclose(pipe);
    word[strcspn(word, " \n")] = '\0';
}

/* The offset of the store in crash_now(): it has a constant address, 8. */
static uint64_t fault_offset(void)
{
    char word[64];
    word_of(word, sizeof word,
            "objdump -d --no-show-raw-insn m.so | sed -n '/<crash_now>:/,/ret/s/^ *\\([0-9a-f]*\\):"
            ".*movl.*0x8.*/\\1/p'");
    return strtoull(word, NULL, 16);
}

static void build_id(char *text, size_t size)
{
    word_of(text, size, "readelf -n m.so | sed -n 's/.*Build ID: //p'");
}

static json_t *crash_at(const char *object, uint64_t offset, const char *id)
{
    char text[32];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)offset);
    json_t *frame = json_pack("{ss ss}", "object", object, "offset", text);
    if (id)
        json_object_set_new(frame, "build_id", json_string(id));
    return json_pack("{ss ss ss ss ss s[o]}", "signal", "SIGSEGV", "code", "SEGV_MAPERR", "address",
                     "0x8", "thread", "main", "fingerprint", "5d1c9a02", "backtrace", frame);
}

#define HEAD                                                                                   \
    "SIGSEGV (SEGV_MAPERR): no memory is mapped there; address 0x8, thread main, fingerprint " \
    "5d1c9a02\n"

/* Takes the crash. */
__attribute__((format(printf, 2, 3))) static void assert_text(json_t *crash, const char *fmt, ...)
{
    char expected[4096];
    size_t len;
    va_list args;
    va_start(args, fmt);
    vsnprintf(expected, sizeof expected, fmt, args);
    va_end(args);
    char *text = crash_report_text(crash, &len);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(len, strlen(expected));
    free(text);
    json_decref(crash);
}

static char *object(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/m.so", folder);
    return path;
}

static void assert_inlined(const char *compiler, const char *flags)
{
    char id[64];
    compile(compiler, flags);
    build_id(id, sizeof id);
    unsigned long long at = fault_offset();
    assert_text(crash_at(object(), at, id),
                HEAD "#0 0x%llx fault () at m.c:3 (m.so) [inlined]\n"
                     "#0 0x%llx between () at m.c:8 (m.so) [inlined]\n"
                     "#0 0x%llx crash_now () at m.c:13 (m.so)\n",
                at, at, at);
}

START_TEST(inlined_functions)
{
    assert_inlined("gcc", "-g");
    assert_inlined("gcc", "-g -gdwarf-4");
}
END_TEST

/* clang writes no .debug_aranges. */
START_TEST(clang)
{
    if (system("command -v clang >/dev/null") == 0)
        assert_inlined("clang", "-g");
}
END_TEST

START_TEST(without_lines)
{
    compile("gcc", "");
    unsigned long long at = fault_offset();
    assert_text(crash_at(object(), at, NULL), HEAD "#0 0x%llx crash_now () (m.so)\n", at);
}
END_TEST

START_TEST(stripped)
{
    compile("gcc", "-g -fvisibility=hidden");
    unsigned long long at = fault_offset();
    shell("strip m.so");
    assert_text(crash_at(object(), at, NULL),
                HEAD "#0 0x%llx ?? (%s+0x%llx)\nno names for %s: it has no symbol there\n", at,
                object(), at, object());
}
END_TEST

START_TEST(separate_debug_file)
{
    compile("gcc", "-g");
    unsigned long long at = fault_offset();
    shell("objcopy --only-keep-debug m.so m.debug && strip m.so &&"
          " objcopy --add-gnu-debuglink=m.debug m.so && mkdir .debug && mv m.debug .debug");
    assert_text(crash_at(object(), at, NULL),
                HEAD "#0 0x%llx fault () at m.c:3 (m.so) [inlined]\n"
                     "#0 0x%llx between () at m.c:8 (m.so) [inlined]\n"
                     "#0 0x%llx crash_now () at m.c:13 (m.so)\n",
                at, at, at);
}
END_TEST

START_TEST(another_build)
{
    char before[64], now[64];
    compile("gcc", "-g");
    build_id(before, sizeof before);
    compile("gcc", "-g -DX=1 -O2");
    build_id(now, sizeof now);
    ck_assert_str_ne(before, now);
    assert_text(crash_at(object(), 0x1100, before),
                HEAD "#0 0x1100 ?? (%s+0x1100)\n"
                     "no names for %s: it has another build id: %s here, %s in the crash\n",
                object(), object(), now, before);
}
END_TEST

static void assert_no_names(const char *path, const char *reason)
{
    assert_text(crash_at(path, 16, NULL), HEAD "#0 0x10 ?? (%s+0x10)\nno names for %s: it %s\n",
                path, path, reason);
}

START_TEST(files_not_read)
{
    char path[160];
    assert_no_names(object(), "is missing here");
    assert_no_names("m.so", "has no absolute path");
    assert_no_names("/dev/null", "is no regular file");
    snprintf(path, sizeof path, "%s/m.c", folder);
    assert_no_names(path, "is no ELF file");
    snprintf(path, sizeof path, "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    assert_no_names(path, "is no regular file");
    snprintf(path, sizeof path, "%s/m.o", folder);
    shell("gcc -c -o m.o m.c");
    assert_no_names(path, "is no program and no shared object");
    shell("head -c 64 m.o >m.so"); /* a header and nothing else */
    assert_no_names(object(), "is no program and no shared object");
    snprintf(path, sizeof path, "%s/m.c/m.so", folder);
    assert_no_names(path, "cannot be read: Not a directory");
}
END_TEST

/* The C library reports a fault of its caller. */
START_TEST(the_top_is_outside_the_c_library)
{
    compile("gcc", "-g");
    unsigned long long at = fault_offset();
    json_t *crash =
        json_pack("{ss s[{ss ss} {ss si}]}", "signal", "SIGABRT", "backtrace", "object",
                  "/none/libc.so.6", "offset", "0x8", "object", object(), "offset", (int)at);
    char *top = crash_report_top(crash);
    ck_assert_str_eq(top, "fault () at m.c:3 (m.so) [inlined]");
    free(top);
    json_decref(crash);
}
END_TEST

/* The first segment of a program that is not position-independent is not at 0. */
START_TEST(addresses_of_a_program)
{
    char word[64], path[128];
    shell("echo 'int main(void) { return 0; }' >p.c && gcc -g -no-pie -o p p.c");
    word_of(word, sizeof word, "nm p | sed -n 's/ T main$//p'");
    unsigned long long at = strtoull(word, NULL, 16);
    snprintf(path, sizeof path, "%s/p", folder);
    assert_text(crash_at(path, at, NULL), HEAD "#0 0x%llx main () at p.c:1 (p)\n", at);
    ck_assert_uint_gt(at, 0x400000);
}
END_TEST

static void assert_read(const char *text, const char *expected)
{
    json_t *value = json_loads(text, 0, NULL);
    const json_t *crash = crash_report_find(value);
    ck_assert_msg(value != NULL, "%s", text);
    if (crash)
        assert_text(json_incref((json_t *)crash), "%s", expected);
    else
        ck_assert_str_eq(expected, "none");
    json_decref(value);
}

START_TEST(odd_values)
{
    assert_read("{}", "none");
    assert_read("[]", "none");
    assert_read("{\"crash\":1}", "none");
    assert_read("{\"crash\":{}}", "an unknown signal\n");
    assert_read("{\"backtrace\":[]}", "an unknown signal\n");
    assert_read("{\"crash\":{\"signal\":3,\"code\":[],\"thread\":7,\"backtrace\":{}}}",
                "an unknown signal: thread 7\n");
    assert_read(
        "{\"crash\":{\"signal\":\"SIG\\u001b[1m\",\"code\":\"X\\n\",\"address\":\"\\u009b\"}}",
        "SIG?[1m (X?), address ?\?\n");
    assert_read("{\"backtrace\":[1,null,{},{\"object\":\"/a\\u001b\",\"offset\":-1},"
                "{\"object\":2,\"offset\":\"0x10\"},{\"offset\":\"0x1g\"},"
                "{\"object\":\"\",\"offset\":32},{\"object\":\"/a\\u001b\",\"offset\":1}]}",
                "an unknown signal\n#0 ??\n#1 ??\n#2 ??\n#3 ?? (/a?)\n#4 0x10 ??\n#5 ??\n"
                "#6 0x20 ??\n#7 0x1 ?? (/a?+0x1)\nno names for /a?: it is missing here\n");
}
END_TEST

START_TEST(at_most_64_frames)
{
    size_t len;
    json_t *frames = json_array();
    for (int i = 0; i < 1000; i++)
        json_array_append_new(frames, json_pack("{si}", "offset", i));
    json_t *crash = json_pack("{so}", "backtrace", frames);
    char *text = crash_report_text(crash, &len);
    ck_assert_ptr_nonnull(strstr(text, "\n#63 0x3f ??\n"));
    ck_assert_ptr_null(strstr(text, "#64"));
    free(text);
    char *top = crash_report_top(crash);
    ck_assert_str_eq(top, "??");
    free(top);
    json_decref(crash);
}
END_TEST

START_TEST(recursion)
{
    assert_read("{\"backtrace\":[{\"offset\":1},{\"offset\":2},{\"offset\":2},{\"offset\":2},"
                "{\"offset\":1},{\"offset\":1}]}",
                "an unknown signal\n#0 0x1 ??\n#1 0x2 ??\n#2 to #3 as #1\n#4 0x1 ??\n#5 0x1 ??\n");
}
END_TEST

START_TEST(no_top)
{
    json_t *crash = json_loads(
        "{\"backtrace\":[{\"object\":\"/l/libc.so.6\"},{\"object\":\"/l/ld-linux-x86-64.so.2\"}]}",
        0, NULL);
    ck_assert_ptr_null(crash_report_top(crash));
    json_decref(crash);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        inlined_functions,
        clang,
        without_lines,
        stripped,
        separate_debug_file,
        another_build,
        files_not_read,
        the_top_is_outside_the_c_library,
        addresses_of_a_program,
        odd_values,
        at_most_64_frames,
        recursion,
        no_top,
    };
    TCase *tcase = tcase_create("crash_report");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, enter, leave);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client crash_report");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
