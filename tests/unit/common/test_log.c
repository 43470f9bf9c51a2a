/* test_log: the form of a line, for all values, and the fate of a line when nobody reads. */
#include "common/log.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"

static int saved_stderr;
static int reader; /* read end of stderr */
static char text[1 << 20];

static void become_stderr(int fd)
{
    ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    close(fd);
}

/* Makes stderr a pipe and opens the log on it. */
static void setup(void)
{
    int fds[2];
    saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    signal(SIGPIPE, SIG_IGN);
    unsetenv("JOURNAL_STREAM");
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    reader = fds[0];
    ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
    become_stderr(fds[1]);
    log_configure(LOG_DEBUG, LOG_TEXT);
    log_open();
}

static void teardown(void)
{
    become_stderr(saved_stderr);
    log_open();
    close(reader);
}

/* Returns all text in the pipe. */
static const char *read_log(void)
{
    size_t len = 0;
    ssize_t n;
    while ((n = read(reader, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    return text;
}

static void assert_matches(const char *line, const char *pattern)
{
    regex_t regex;
    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, line, 0, NULL, 0) == 0, "%s does not match %s", line, pattern);
    regfree(&regex);
}

/* Returns the only line in the log, parsed as JSON; the caller owns the reference. */
static json_t *read_json(void)
{
    json_error_t error;
    const char *line = read_log();
    ck_assert_int_eq(line[strlen(line) - 1], '\n');
    for (const char *p = line; p[1]; p++)
        ck_assert_msg((unsigned char)*p >= 0x20 && *p != 0x7f, "a control character in %s", line);
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(object != NULL, "%s: %s", error.text, line);
    return object;
}

static const char *string_in(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void log_value(const char *value, size_t len)
{
    log_event(LOG_INFO, "event", LOG_STRN("value", value, len));
}

/* Returns the text of value=... in the only line of the log. */
static const char *read_value(void)
{
    char *value = strstr(read_log(), " value=");
    ck_assert_ptr_nonnull(value);
    value[strlen(value) - 1] = '\0';
    return value + strlen(" value=");
}

START_TEST(test_text_line)
{
    log_event(LOG_WARN, "worker-lost", LOG_UINT("worker", UINT64_MAX), LOG_INT("rest", INT64_MIN),
              LOG_STR("signal", "SIGSEGV"), LOG_STRN("peer", "127.0.0.1:99", 11));
    assert_matches(read_log(),
                   "^" TIME " warn worker-lost worker=18446744073709551615 "
                   "rest=-9223372036854775808 signal=SIGSEGV peer=127\\.0\\.0\\.1:9\n$");
}
END_TEST

START_TEST(test_json_line)
{
    log_configure(LOG_DEBUG, LOG_JSON);
    log_event(LOG_ERROR, "worker-lost", LOG_UINT("worker", 3), LOG_STR("signal", "SIGSEGV"),
              LOG_STR("none", NULL));
    assert_matches(read_log(), "^\\{\"time\":\"" TIME "\",\"level\":\"error\","
                               "\"event\":\"worker-lost\",\"worker\":3,\"signal\":\"SIGSEGV\","
                               "\"none\":null\\}\n$");
}
END_TEST

START_TEST(test_optional_fields)
{
    log_event(LOG_INFO, "event", LOG_UINT_OPT("part", 2), LOG_STR_OPT("module", "fib"));
    assert_matches(read_log(), " event part=2 module=fib\n$");
    log_event(LOG_INFO, "event", LOG_UINT_OPT("part", 0), LOG_UINT("n", 0),
              LOG_STR_OPT("module", NULL));
    assert_matches(read_log(), " event n=0\n$");
    log_configure(LOG_DEBUG, LOG_JSON);
    log_event(LOG_INFO, "event", LOG_UINT_OPT("part", 0), LOG_STR_OPT("module", ""));
    assert_matches(read_log(), "\"event\":\"event\",\"module\":\"\"\\}\n$");
}
END_TEST

START_TEST(test_levels)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
        log_configure((enum log_level)least, LOG_TEXT);
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            ck_assert_int_eq(log_enabled((enum log_level)level), level >= least);
            log_event((enum log_level)level, "event", LOG_INT("n", 1));
            const char *line = read_log();
            ck_assert_int_eq(strlen(line) > 0, level >= least);
            ck_assert(level < least || strstr(line, names[level]));
        }
    }
}
END_TEST

START_TEST(test_bare_and_quoted)
{
    static const struct {
        const char *value;
        const char *shown;
    } cases[] = {
        {"SIGSEGV", "SIGSEGV"},
        {"127.0.0.1:7741", "127.0.0.1:7741"},
        {"[::1]:7741", "[::1]:7741"},
        {"/usr/lib/x-1.so", "/usr/lib/x-1.so"},
        {NULL, "-"},
        {"-", "\"-\""},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"a\nb\rc\td", "\"a\\nb\\rc\\td\""},
        {"\x1b[31m", "\"\\x1b[31m\""},
        {"\x7f", "\"\\x7f\""},
        {"na\xc3\xafve", "\"na\xc3\xafve\""},
        {"\xe2\x82\xac \xf0\x9f\x98\x80", "\"\xe2\x82\xac \xf0\x9f\x98\x80\""},
        {"\xc2\x9b"
         "31m",
         "\"\\xc2\\x9b31m\""},
        {"\xc2\xa0", "\"\xc2\xa0\""},
        {"\xc0\x80", "\"\\xc0\\x80\""},                   /* not the shortest form */
        {"\xe0\x9f\xbf", "\"\\xe0\\x9f\\xbf\""},          /* likewise */
        {"\xf0\x8f\xbf\xbf", "\"\\xf0\\x8f\\xbf\\xbf\""}, /* likewise */
        {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""}, /* over U+10FFFF */
        {"\xf5\x80\x80\x80", "\"\\xf5\\x80\\x80\\x80\""}, /* likewise */
        {"\xe2\x82", "\"\\xe2\\x82\""},                   /* cut short */
        {"\xe2\x28\xa1", "\"\\xe2(\\xa1\""},              /* interrupted */
        {"\x80", "\"\\x80\""},                            /* no beginning */
        {"ok\xff", "\"ok\\xff\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        log_event(LOG_INFO, "event", LOG_STR("value", cases[i].value));
        ck_assert_str_eq(read_value(), cases[i].shown);
    }
}
END_TEST

/* Each byte alone: printable ASCII stays, everything else becomes printable ASCII. */
START_TEST(test_every_byte)
{
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        log_configure(LOG_DEBUG, LOG_TEXT);
        log_value(&byte, 1);
        const char *shown = read_value();
        for (const char *p = shown; *p; p++)
            ck_assert_msg(*p >= 0x20 && *p < 0x7f, "byte %d shows as %s", c, shown);
        if (c > 0x20 && c < 0x7f)
            ck_assert_ptr_nonnull(strchr(shown, c));

        log_configure(LOG_DEBUG, LOG_JSON);
        log_value(&byte, 1);
        json_t *object = read_json();
        if (c >= 0x20 && c < 0x7f) {
            const char one[] = {byte, '\0'};
            ck_assert_str_eq(string_in(object, "value"), one);
        }
        json_decref(object);
    }
}
END_TEST

/* All bytes in a row, so that each meets a neighbour. */
START_TEST(test_byte_pairs)
{
    log_configure(LOG_DEBUG, LOG_JSON);
    for (int first = 0; first < 256; first++) {
        char pairs[512];
        for (int second = 0; second < 256; second++) {
            pairs[2 * second] = (char)first;
            pairs[2 * second + 1] = (char)second;
        }
        log_value(pairs, sizeof pairs);
        json_decref(read_json());
    }
}
END_TEST

START_TEST(test_value_is_cut)
{
    char value[LOG_VALUE_MAX + 1];
    memset(value, 'a', sizeof value);
    log_value(value, LOG_VALUE_MAX);
    ck_assert_uint_eq(strlen(read_value()), LOG_VALUE_MAX); /* bare, and whole */
    log_value(value, sizeof value);
    const char *shown = read_value();
    ck_assert_uint_eq(strlen(shown), LOG_VALUE_MAX + 2);
    ck_assert_str_eq(shown + strlen(shown) - 5, "a...\"");
}
END_TEST

/* A cut is never inside a character or an escape, in either format, for all positions of the
 * limit. */
START_TEST(test_cut_between_characters)
{
    static const char *const units[] = {"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\n", "\x01",
                                        "\xff",         "\xc2\x9b"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (size_t shift = 0; shift < 12; shift++) {
            char value[LOG_VALUE_MAX * 2] = "aaaaaaaaaaaa";
            size_t len = shift;
            while (len + strlen(units[i]) < sizeof value)
                len = (size_t)(stpcpy(value + len, units[i]) - value);
            log_configure(LOG_DEBUG, LOG_JSON);
            log_value(value, len);
            json_t *object = read_json();
            const char *shown = string_in(object, "value");
            ck_assert_str_eq(shown + strlen(shown) - 3, "...");
            json_decref(object);
            log_configure(LOG_DEBUG, LOG_TEXT);
            log_value(value, len);
            ck_assert_uint_le(strlen(read_value()), LOG_VALUE_MAX + 2);
        }
    }
}
END_TEST

/* Too many fields for a line: the line has its proper end, with cut=true. */
static void log_much(size_t first)
{
    static char value[LOG_VALUE_MAX];
    memset(value, 0x01, sizeof value);
    log_event(LOG_INFO, "event", LOG_STRN("a", value, first), LOG_STRN("b", value, sizeof value),
              LOG_STRN("c", value, sizeof value), LOG_STRN("d", value, sizeof value),
              LOG_STRN("e", value, sizeof value), LOG_INT("f", 1));
}

START_TEST(test_line_is_bounded)
{
    for (size_t first = 0; first < 300; first++) {
        log_configure(LOG_DEBUG, LOG_JSON);
        log_much(first);
        json_t *object = read_json();
        ck_assert_uint_le(strlen(text), LOG_LINE_MAX);
        ck_assert(json_is_true(json_object_get(object, "cut")));
        json_decref(object);
        log_configure(LOG_DEBUG, LOG_TEXT);
        log_much(first);
        const char *line = read_log();
        ck_assert_uint_le(strlen(line), LOG_LINE_MAX);
        ck_assert_str_eq(strstr(line, " cut="), " cut=true\n");
    }
}
END_TEST

START_TEST(test_errno_survives)
{
    errno = EDOM;
    log_event(LOG_INFO, "event", LOG_INT("n", 1));
    close(reader);
    log_event(LOG_INFO, "event", LOG_INT("n", 1));
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

/* O_NONBLOCK belongs to the description, shared with the shell. */
START_TEST(test_stderr_stays_blocking)
{
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

/* Logs until the sink is full. Returns the number of lines. */
static uint64_t fill(void)
{
    uint64_t before = log_lost(), sent = 0;
    for (; log_lost() == before; sent++) {
        ck_assert_uint_lt(sent, 1000000);
        log_event(LOG_INFO, "fill", LOG_UINT("n", sent));
    }
    return sent - 1;
}

/* A full sink loses lines, and log-lost counts them once there is room. */
static void check_loss(void)
{
    uint64_t sent = fill();
    uint64_t lost = log_lost();
    for (int i = 0; i < 6; i++)
        log_event(LOG_INFO, "unheard", LOG_INT("n", i));
    ck_assert_uint_eq(log_lost() - lost, 6);

    const char *log = read_log();
    uint64_t lines = 0;
    for (const char *p = log; (p = strchr(p, '\n')); p++)
        lines++;
    ck_assert_uint_eq(lines, sent);
    log_event(LOG_INFO, "heard", LOG_INT("n", 1));
    assert_matches(read_log(), "^(" TIME " |<4>)warn log-lost lines=7\n.*info heard n=1\n$");
    log_event(LOG_INFO, "heard", LOG_INT("n", 2));
    assert_matches(read_log(), "^(" TIME " |<6>)info heard n=2\n$");
    ck_assert_uint_eq(log_lost() - lost, 6);
}

START_TEST(test_full_pipe)
{
    check_loss();
}
END_TEST

/* Reopening a pipe without a reader fails; then stderr is polled. */
START_TEST(test_full_pipe_polled)
{
    close(reader);
    log_open();
    reader = open("/proc/self/fd/2", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    check_loss();
}
END_TEST

START_TEST(test_reader_gone)
{
    close(reader);
    uint64_t before = log_lost();
    log_event(LOG_INFO, "event", LOG_INT("n", 1));
    ck_assert_uint_eq(log_lost() - before, 1);
    reader = open("/proc/self/fd/2", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    log_event(LOG_INFO, "event", LOG_INT("n", 2));
    assert_matches(read_log(), "log-lost lines=1\n.*event n=2\n$");
}
END_TEST

/* Makes stderr a socket; JOURNAL_STREAM names it, or another one. */
static void open_socket(unsigned long inode_offset)
{
    int fds[2];
    char name[64];
    struct stat st;
    close(reader);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    reader = fds[0];
    ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
    become_stderr(fds[1]);
    ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
    snprintf(name, sizeof name, "%lu:%lu", (unsigned long)st.st_dev,
             (unsigned long)st.st_ino + inode_offset);
    setenv("JOURNAL_STREAM", name, 1);
    log_open();
}

START_TEST(test_journald)
{
    open_socket(0);
    log_event(LOG_DEBUG, "event", LOG_INT("n", 1));
    log_event(LOG_INFO, "event", LOG_INT("n", 2));
    log_event(LOG_WARN, "event", LOG_INT("n", 3));
    log_event(LOG_ERROR, "event", LOG_INT("n", 4));
    ck_assert_str_eq(read_log(), "<7>debug event n=1\n<6>info event n=2\n"
                                 "<4>warn event n=3\n<3>error event n=4\n");
    log_configure(LOG_DEBUG, LOG_JSON);
    log_event(LOG_INFO, "event", LOG_INT("n", 5));
    json_decref(read_json());
}
END_TEST

START_TEST(test_journald_full)
{
    open_socket(0);
    check_loss();
}
END_TEST

START_TEST(test_other_socket)
{
    open_socket(1);
    log_event(LOG_INFO, "event", LOG_INT("n", 1));
    assert_matches(read_log(), "^" TIME " info event n=1\n$");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    log_open();
    log_event(LOG_INFO, "event", LOG_INT("n", 1));
    assert_matches(read_log(), "^" TIME);
}
END_TEST

/* After a disk full in the middle of a line, the next line begins with an LF. */
START_TEST(test_torn_line)
{
    char path[] = "/tmp/test_log.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(reader);
    reader = open(path, O_RDONLY | O_CLOEXEC);
    unlink(path);
    become_stderr(fd);
    log_open();
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){40, RLIM_INFINITY}), 0);
    log_event(LOG_INFO, "torn", LOG_STR("value", "0123456789012345678901234567890123456789"));
    ck_assert_uint_eq(log_lost(), 1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    log_event(LOG_INFO, "next", LOG_INT("n", 1));
    assert_matches(read_log(), "^" TIME " info torn value\n" TIME " warn log-lost lines=1\n" TIME
                               " info next n=1\n$");
}
END_TEST

static int status_of(void (*run)(void))
{
    int status;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        run();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void run_fatal(void)
{
    errno = ENOENT;
    fatal(78, "cannot read %s", "the file");
}

static void run_fatal_without_errno(void)
{
    errno = 0;
    fatal(64, "usage");
}

static void run_bug(void)
{
    bug_on(1 + 1 == 2);
}

START_TEST(test_fatal)
{
    log_configure(LOG_ERROR, LOG_TEXT);
    int status = status_of(run_fatal);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 78);
    assert_matches(read_log(),
                   " error fatal status=78 message=\"cannot read the file: No such file "
                   "or directory\"\n$");
    status = status_of(run_fatal_without_errno);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 64);
    assert_matches(read_log(), " error fatal status=64 message=usage\n$");
}
END_TEST

START_TEST(test_bug)
{
    int status = status_of(run_bug);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_matches(read_log(),
                   " error bug file=.*test_log\\.c line=[0-9]+ check=\"1 \\+ 1 == 2\"\n$");
}
END_TEST

/* A fitting value is not cut, and one more byte would be; in pieces nothing is lost. */
START_TEST(test_value_fits)
{
    static const char unit[] = "a\xc3\xa9\xe2\x82\xac\x1b\xff\n\\";
    enum { UNIT = sizeof unit - 1, LEN = 700 * UNIT };
    static char value[LEN + 1];
    for (int i = 0; i < LEN; i++)
        value[i] = unit[i % UNIT];
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        log_configure(LOG_INFO, (enum log_format)format);
        for (size_t from = 0, n; from < LEN; from += n) {
            n = log_value_fits(value + from, LEN - from, false);
            ck_assert_uint_gt(n, 0);
            log_event(LOG_INFO, "e", LOG_STRN("v", value + from, n));
            ck_assert_ptr_null(strstr(read_log(), "..."));
            if (from + n == LEN)
                continue;
            log_event(LOG_INFO, "e", LOG_STRN("v", value + from, n + 4));
            ck_assert_ptr_nonnull(strstr(read_log(), "..."));
        }
    }
}
END_TEST

START_TEST(test_half_a_character_waits)
{
    ck_assert_uint_eq(log_value_fits("a\xe2\x82", 3, true), 1);
    ck_assert_uint_eq(log_value_fits("a\xe2\x82", 3, false), 3);
    ck_assert_uint_eq(log_value_fits("a\xe2\x82\xac", 4, true), 4);
    ck_assert_uint_eq(log_value_fits("a\xff", 2, true),
                      1); /* may begin a character: it waits, too */
    ck_assert_uint_eq(log_value_fits("\xff\xff\xff\xff", 4, true), 1);
    ck_assert_uint_eq(log_value_fits("", 0, true), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tc = tcase_create("log");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_text_line);
    tcase_add_test(tc, test_value_fits);
    tcase_add_test(tc, test_half_a_character_waits);
    tcase_add_test(tc, test_json_line);
    tcase_add_test(tc, test_optional_fields);
    tcase_add_test(tc, test_levels);
    tcase_add_test(tc, test_bare_and_quoted);
    tcase_add_test(tc, test_every_byte);
    tcase_add_test(tc, test_byte_pairs);
    tcase_add_test(tc, test_value_is_cut);
    tcase_add_test(tc, test_cut_between_characters);
    tcase_add_test(tc, test_line_is_bounded);
    tcase_add_test(tc, test_errno_survives);
    tcase_add_test(tc, test_stderr_stays_blocking);
    tcase_add_test(tc, test_full_pipe);
    tcase_add_test(tc, test_full_pipe_polled);
    tcase_add_test(tc, test_reader_gone);
    tcase_add_test(tc, test_journald);
    tcase_add_test(tc, test_journald_full);
    tcase_add_test(tc, test_other_socket);
    tcase_add_test(tc, test_torn_line);
    tcase_add_test(tc, test_fatal);
    tcase_add_test(tc, test_bug);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
