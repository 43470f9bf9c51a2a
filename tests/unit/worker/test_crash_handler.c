/*
 * The handler of crashes, in processes of the test's own. The unwinder is the test's: it may hang
 * or fault, as on a stack that makes no sense. Crashes of real modules are in
 * tests/integration/test_post_mortem.py.
 */
#include "tests/unit/suite.h"
#include "worker/crash_handler.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

enum { TIMEOUT_S = 60 };

static struct crash_record *record;

/* The unwinder */

enum unwinder { REAL, HANGS, FAULTS, ABORTS, FINDS_NOTHING };

static enum unwinder unwinder;
static volatile uintptr_t nowhere;

_Unwind_Reason_Code __real__Unwind_Backtrace(_Unwind_Trace_Fn take, void *arg);
_Unwind_Reason_Code __wrap__Unwind_Backtrace(_Unwind_Trace_Fn take, void *arg);

_Unwind_Reason_Code __wrap__Unwind_Backtrace(_Unwind_Trace_Fn take, void *arg)
{
    switch (unwinder) {
    case HANGS:
        for (;;)
            ;
    case FAULTS:
        *(volatile int *)(nowhere + 4) = 1;
        break;
    case ABORTS:
        abort();
    case FINDS_NOTHING:
        return _URC_END_OF_STACK;
    case REAL:
        break;
    }
    return __real__Unwind_Backtrace(take, arg);
}

/* Crashes */

__attribute__((noinline)) static void fault(void)
{
    *(volatile int *)(nowhere + 8) = 1;
}

static void setup(void)
{
    record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(record != MAP_FAILED);
    unwinder = REAL;
}

/* Crashes in a child with the handler. Returns the wait status. */
static int crash_in_child(void (*crash)(void))
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        for (int signo = 1; signo < NSIG; signo++) /* libcheck's, or a sanitizer's */
            signal(signo, SIG_DFL);
        if (record != NULL)
            crash_handler_install(record);
        crash();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void assert_died(int status, int signo)
{
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == signo, "status %#x", (unsigned)status);
}

START_TEST(a_fault_is_recorded)
{
    assert_died(crash_in_child(fault), SIGSEGV);
    ck_assert_uint_eq(record->signal, SIGSEGV);
    ck_assert_int_eq(record->code, SEGV_MAPERR);
    ck_assert_uint_eq(record->address, 8);
    ck_assert_str_eq(record->thread, "main");
    ck_assert_uint_ge(record->frame_count, 3);
    ck_assert_uint_ge(record->object_count, 1);
    ck_assert_uint_eq(record->frames[0].object, 0);
    ck_assert_ptr_nonnull(strstr(record->objects[0].path, "/test_crash_handler"));
    ck_assert_uint_gt(record->objects[0].build_id_len, 0);
}
END_TEST

/* One frame is known in any case: the place of the fault. */
START_TEST(an_unwinder_may_fail)
{
    static const enum unwinder ways[] = {HANGS, FAULTS, ABORTS};
    struct timespec begin, end;

    unwinder = ways[_i];
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_died(crash_in_child(fault), SIGSEGV);
    clock_gettime(CLOCK_MONOTONIC, &end);
    ck_assert_int_le(end.tv_sec - begin.tv_sec, 10); /* on a machine under load; 1 otherwise */
    ck_assert_uint_eq(record->signal, SIGSEGV);
    ck_assert_uint_ge(record->frame_count, 1);
    if (unwinder != HANGS) /* no time is left then */
        ck_assert_ptr_nonnull(strstr(record->objects[0].path, "/test_crash_handler"));
}
END_TEST

START_TEST(frame_pointers_are_the_second_way)
{
    unwinder = FINDS_NOTHING;
    assert_died(crash_in_child(fault), SIGSEGV);
    ck_assert_uint_ge(record->frame_count, 1);
    for (uint32_t i = 0; i < record->frame_count; i++)
        ck_assert_uint_ne(record->frames[i].object, CRASH_NO_OBJECT);
}
END_TEST

static void raise_each(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

    raise(signals[record->code]);
}

START_TEST(each_signal)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

    record->code = _i;
    assert_died(crash_in_child(raise_each), signals[_i]);
    ck_assert_uint_eq(record->signal, (uint32_t)signals[_i]);
    ck_assert_int_eq(record->code, SI_TKILL);
}
END_TEST

static void exit_by_handler(int signo)
{
    _exit(signo);
}

static void fault_with_handler(void)
{
    signal(SIGSEGV, exit_by_handler);
    fault();
}

static void fault_in_child(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        fault();
    waitpid(child, &status, 0);
    _exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

START_TEST(only_the_worker_and_without_a_handler_of_its_own)
{
    static void (*const crashes[])(void) = {fault_with_handler, fault_in_child};
    int status = crash_in_child(crashes[_i]);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == SIGSEGV, "%#x", (unsigned)status);
    ck_assert_uint_eq(record->signal, 0);
}
END_TEST

/* A module's handler calls ours, and blocks the signal meanwhile. */
static struct sigaction ours;

static void call_ours(int signo, siginfo_t *info, void *context)
{
    ours.sa_sigaction(signo, info, context);
}

static void call_ours_with_nothing(int signo, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    ours.sa_sigaction(signo, NULL, NULL);
}

static void fault_below_handler(void)
{
    struct sigaction action = {.sa_sigaction = call_ours, .sa_flags = SA_SIGINFO};

    sigfillset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &ours);
    fault();
}

static void fault_below_mute_handler(void)
{
    struct sigaction action = {.sa_sigaction = call_ours_with_nothing, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &action, &ours);
    fault();
}

START_TEST(a_handler_before_ours)
{
    static const enum unwinder ways[] = {REAL, HANGS, FAULTS, ABORTS};

    unwinder = ways[_i];
    assert_died(crash_in_child(fault_below_handler), SIGSEGV);
    ck_assert_uint_eq(record->signal, SIGSEGV);
    ck_assert_uint_ge(record->frame_count, 1);
}
END_TEST

START_TEST(a_handler_before_ours_that_tells_nothing)
{
    assert_died(crash_in_child(fault_below_mute_handler), SIGSEGV);
    ck_assert_uint_eq(record->signal, 0);
}
END_TEST

/* A handler that was there before stays: a sanitizer's. */
static void fault_with_handler_before(void)
{
    signal(SIGBUS, exit_by_handler);
    crash_handler_install(record);
    raise(SIGBUS);
}

START_TEST(a_handler_from_before_stays)
{
    int status = crash_in_child(fault_with_handler_before);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == SIGBUS, "%#x", (unsigned)status);
}
END_TEST

/* Core files */

struct core {
    bool exists;
    siginfo_t info;
    elf_gregset_t registers;
};

static size_t padded(size_t size)
{
    return (size + 3) / 4 * 4;
}

static void take_note(struct core *core, const Elf64_Nhdr *note)
{
    const char *data = (const char *)(note + 1) + padded(note->n_namesz);

    if (note->n_type == NT_SIGINFO)
        memcpy(&core->info, data, sizeof(core->info));
    if (note->n_type == NT_PRSTATUS)
        memcpy(core->registers, data + offsetof(struct elf_prstatus, pr_reg),
               sizeof(core->registers));
}

static void read_core(struct core *core, const char *file)
{
    static char text[1 << 20];
    int fd = open(file, O_RDONLY);
    ssize_t len = read(fd, text, sizeof(text));
    const Elf64_Ehdr *header = (const void *)text;
    const Elf64_Phdr *segment = (const void *)(text + header->e_phoff);

    close(fd);
    ck_assert_int_gt(len, (ssize_t)sizeof(*header));
    while (segment->p_type != PT_NOTE)
        segment++;
    ck_assert_uint_lt(segment->p_offset + segment->p_filesz, (size_t)len);
    for (size_t at = 0; at < segment->p_filesz;) {
        const Elf64_Nhdr *note = (const void *)(text + segment->p_offset + at);
        take_note(core, note);
        at += sizeof(*note) + padded(note->n_namesz) + padded(note->n_descsz);
    }
    core->exists = true;
}

static struct core core_of(void (*crash)(void))
{
    struct core core = {.exists = false};
    int status = crash_in_child(crash);

    assert_died(status, SIGSEGV);
    if (access("core", R_OK) == 0)
        read_core(&core, "core");
    ck_assert(!core.exists || WCOREDUMP(status));
    unlink("core");
    return core;
}

/* A crash with the handler leaves the same core file as one without. The test looks at a core file
 * by the name of core alone. */
START_TEST(a_core_file_is_as_without_the_handler)
{
    char directory[] = "/tmp/test_crash_handler.XXXXXX";
    struct crash_record *kept = record;
    struct rlimit limit;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
    record = NULL;
    struct core without = core_of(fault);
    record = kept;
    struct core with = core_of(fault);
    ck_assert_int_eq(without.exists, with.exists);
    ck_assert_int_eq(memcmp(&without.info, &with.info, offsetof(siginfo_t, si_addr)), 0);
    ck_assert_ptr_eq(without.info.si_addr, with.info.si_addr);
#if defined(__x86_64__)
    struct user_regs_struct a, b;
    memcpy(&a, without.registers, sizeof(a));
    memcpy(&b, with.registers, sizeof(b));
    ck_assert_uint_eq(a.rip, b.rip);
    ck_assert_uint_eq(a.rsp, b.rsp);
#endif
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker crash handler");
    TCase *tc = tcase_create("crash_handler");

    tcase_set_timeout(tc, TIMEOUT_S);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, a_fault_is_recorded);
    tcase_add_loop_test(tc, an_unwinder_may_fail, 0, 3);
    tcase_add_test(tc, frame_pointers_are_the_second_way);
    tcase_add_loop_test(tc, each_signal, 0, 6);
    tcase_add_loop_test(tc, only_the_worker_and_without_a_handler_of_its_own, 0, 2);
    tcase_add_loop_test(tc, a_handler_before_ours, 0, 4);
    tcase_add_test(tc, a_handler_before_ours_that_tells_nothing);
    tcase_add_test(tc, a_handler_from_before_stays);
    tcase_add_test(tc, a_core_file_is_as_without_the_handler);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
