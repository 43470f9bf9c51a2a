/* Faults of this machine, in a tree that looks like its /proc and /sys; and of files. */
#include "tests/unit/client/doctor/exam_world.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static char root[64];
static struct statvfs disk; /* below the root */

/* In the place of libc's. */
int statvfs(const char *path, struct statvfs *fs)
{
    *fs = disk;
    return strncmp(path, root, strlen(root)) == 0 ? 0 : -1;
}

static void setup(void)
{
    snprintf(root, sizeof root, "/tmp/test_here.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}

/* Makes the file and its directories. Returns its path, static. */
static const char *put(const char *path, const char *text, int mode)
{
    static char full[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0755);
        *slash = '/';
    }
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, (mode_t)mode), 0);
    close(fd);
    return full;
}

static void assert_machine(const char *expected)
{
    struct findings findings;
    findings_open(&findings);
    doctor_machine(root, &findings);
    world_assert(&findings, expected);
    findings_close(&findings);
}

START_TEST(the_kernel)
{
    assert_machine("");
    put("proc/sys/net/core/somaxconn", "4096\n", 0644);
    put("proc/sys/vm/overcommit_memory", "0\n", 0644);
    put("proc/sys/fs/file-nr", "100\t0\t1000\n", 0644);
    put("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 100 kB\n", 0644);
    assert_machine("");
    put("proc/sys/net/core/somaxconn", "128\n", 0644);
    put("proc/sys/vm/overcommit_memory", "2\n", 0644);
    put("proc/sys/fs/file-nr", "1000000\t0\t1000001\n", 0644);
    put("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 99 kB\n", 0644);
    assert_machine("warning kernel net.core.somaxconn; warning kernel vm.overcommit_memory; "
                   "warning memory memory; warning kernel fs.file-max");
    put("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 29 kB\n", 0644);
    put("proc/sys/vm/overcommit_memory", "1\n", 0644);
    put("proc/sys/fs/file-nr", "0\t0\t9223372036854775807\n", 0644);
    assert_machine("warning kernel net.core.somaxconn; critical memory memory");
}
END_TEST

static void assert_limits(const char *expected)
{
    static const struct doctor_needs needs = {.name = "taskmasterd", .clients = 1000, .workers = 9};
    struct findings findings;
    findings_open(&findings);
    doctor_limits(root, 7, &needs, &findings);
    world_assert(&findings, expected);
    findings_close(&findings);
}

START_TEST(limits)
{
    assert_limits("");
    put("proc/7/limits",
        "Limit                     Soft Limit           Hard Limit           Units\n"
        "Max processes             unlimited            unlimited            processes\n"
        "Max open files            1155                 4096                 files\n",
        0644);
    put("proc/7/cgroup", "0::/a/b\n", 0644);
    put("proc/7/oom_score_adj", "-500\n", 0644);
    put("sys/fs/cgroup/a/b/pids.max", "max\n", 0644);
    put("sys/fs/cgroup/a/b/memory.max", "max\n", 0644);
    assert_limits("");
    put("proc/7/limits",
        "Max processes             9                    9                    processes\n"
        "Max open files            1154                 1154                 files\n",
        0644);
    put("proc/7/oom_score_adj", "1\n", 0644);
    put("sys/fs/cgroup/a/b/pids.max", "9\n", 0644);
    put("sys/fs/cgroup/a/b/memory.max", "1000000\n", 0644);
    put("sys/fs/cgroup/a/b/memory.current", "990000\n", 0644);
    assert_limits("warning limit-files taskmasterd; warning limit-processes taskmasterd; "
                  "warning oom-score taskmasterd; warning limit-tasks taskmasterd; "
                  "warning limit-memory taskmasterd");
}
END_TEST

static void assert_places(const char *settings, const char *expected)
{
    struct findings findings;
    char text[1024], words[1024];
    snprintf(text, sizeof text, settings, root, root, root);
    snprintf(words, sizeof words, expected, root, root, root);
    json_t *loaded = world_load(text);
    findings_open(&findings);
    doctor_places(loaded, NULL, &findings);
    world_assert(&findings, words);
    findings_close(&findings);
    json_decref(loaded);
}

START_TEST(files)
{
    static const char settings[] = "{\"token-file\":\"%s/token\",\"module-dir\":\"%s/m\","
                                   "\"worker-path\":\"%s/worker\",\"listen\":[\"0.0.0.0:1\"]}";
    put("token", "x", 0640);
    put("m/a.so", "x", 0775);
    put("m/text", "x", 0777);
    put("worker", "x", 0755);
    assert_places(settings, "");
    put("token", "x", 0644);
    put("m/a.so", "x", 0757);
    put("worker", "x", 0757);
    assert_places(settings, "critical secret-open %s/token; critical writable %s/worker; "
                            "critical writable %s/m/a.so");
}
END_TEST

static void assert_room(unsigned long blocks, unsigned long left, const char *expected)
{
    disk = (struct statvfs){.f_blocks = blocks, .f_bavail = left, .f_frsize = 4096};
    assert_places("{\"log-file\":\"%s/log\",\"store-path\":\"/nonexistent\"}", expected);
}

START_TEST(room)
{
    assert_room(1000, 100, "");
    assert_room(1000, 99, "warning disk-full %s/log");
    assert_room(1000, 20, "warning disk-full %s/log");
    assert_room(1000, 19, "critical disk-full %s/log");
    assert_room(1000, 0, "critical disk-full %s/log");
    assert_room(0, 0, ""); /* of no size, as /proc */
}
END_TEST

START_TEST(addresses)
{
    assert_places("{\"listen\":[\"127.0.0.1:1\",\"[::1]:2\",\"unix:/x\"],\"access-file\":\"\"}",
                  "");
    assert_places("{\"listen\":[\"127.0.0.1:1\",\"[::]:2\"],\"access-file\":\"\"}",
                  "critical open-listen [::]:2");
    assert_places("{\"listen\":[\"[::]:2\"],\"access-file\":\"/nonexistent\"}", "");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("here");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_kernel);
    tcase_add_test(tcase, limits);
    tcase_add_test(tcase, files);
    tcase_add_test(tcase, room);
    tcase_add_test(tcase, addresses);
    Suite *suite = suite_create("doctor here");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
