/*
 * die: crashes in every place and way, for tests of the post-mortem.
 *
 * The payload is the way: see the table at the end. With the settings {"init":"WAY"} init() does
 * it, and after a job "fini WAY" fini() does.
 */
#include <taskmaster/module.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAR __attribute__((noinline)) static

enum { THREADS = 10, STACK = 64 * 1024 };

static volatile int zero;
static volatile uintptr_t nowhere;
static char at_end[32]; /* the way of fini() */

/* The work behind each call keeps the compiler from leaving out the frame. */
FAR int third(void)
{
    *(volatile int *)(nowhere + 8) = 1;
    return zero;
}

FAR int second(void)
{
    return third() + zero;
}

FAR int first(void)
{
    return second() + zero;
}

FAR int deep(int depth)
{
    volatile char room[64] = {0};
    return depth == 0 ? first() : deep(depth - 1) + room[zero];
}

FAR int fill_the_stack(void)
{
    volatile char room[1024] = {0};
    return zero != 0 ? 0 : fill_the_stack() + room[zero];
}

FAR int divide(void)
{
    return 1000 / zero;
}

FAR int trap(void)
{
    __builtin_trap();
}

FAR int fail_assertion(void)
{
    abort();
}

FAR int behind_the_end(void)
{
    int fd = memfd_create("die", 0);
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    return page[0];
}

FAR int forbidden_call(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    return getppid() + zero;
}

/* The heap */

FAR int free_twice(void)
{
    char *volatile kept = malloc(100);
    free(kept);
    free(kept);
    return zero;
}

FAR int free_nowhere(void)
{
    free((void *)(nowhere + 0x1000));
    return zero;
}

/* Jumps and the stack */

FAR int call(uintptr_t address)
{
    return ((int (*)(void))address)() + zero;
}

FAR int call_nothing(void)
{
    return call(nowhere) + zero;
}

FAR int call_anything(void)
{
    return call(nowhere + 0x414141414140) + zero;
}

FAR int smash(void)
{
    volatile char *frame = __builtin_frame_address(0);
    for (int i = 0; i < 2048; i++)
        frame[i] = 0x41;
    *(volatile int *)(nowhere + 8) = 1;
    return zero;
}

/* Threads */

static pthread_barrier_t barrier;

static void *thread_first(void *arg)
{
    prctl(PR_SET_NAME, "stitcher");
    first();
    return arg;
}

static void *thread_full(void *arg)
{
    fill_the_stack();
    return arg;
}

static void *thread_full_with_stack(void *arg)
{
    const stack_t stack = {.ss_sp = malloc(STACK), .ss_size = STACK};
    sigaltstack(&stack, NULL);
    fill_the_stack();
    return arg;
}

static void *thread_together(void *arg)
{
    pthread_barrier_wait(&barrier);
    first();
    return arg;
}

static int in_thread(void *(*run)(void *arg), int count)
{
    pthread_t thread;
    for (int i = 0; i < count; i++)
        pthread_create(&thread, NULL, run, NULL);
    return pthread_join(thread, NULL);
}

FAR int thread(void)
{
    return in_thread(thread_first, 1);
}

FAR int full_thread(void)
{
    return in_thread(thread_full, 1);
}

FAR int full_thread_with_stack(void)
{
    return in_thread(thread_full_with_stack, 1);
}

FAR int ten_threads(void)
{
    pthread_barrier_init(&barrier, NULL, THREADS);
    return in_thread(thread_together, THREADS);
}

/* Children */

static int wait_for(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    return !WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV;
}

FAR int child(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(first());
    return wait_for(pid);
}

FAR int child_with_our_memory(void)
{
    pid_t pid = vfork();
    if (pid == 0)
        _exit(first());
    return wait_for(pid);
}

/* Handlers */

static struct sigaction older;

static void on_signal(int signo)
{
    _exit(40 + signo);
}

static void on_signal_and_ours(int signo, siginfo_t *info, void *context)
{
    older.sa_sigaction(signo, info, context);
}

FAR int leave_handler(void)
{
    signal(SIGSEGV, on_signal);
    return 0;
}

FAR int own_handler(void)
{
    leave_handler();
    return first();
}

FAR int handler_before_ours(void)
{
    struct sigaction action = {.sa_sigaction = on_signal_and_ours, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, &older);
    return first();
}

FAR int ours_without_info(void)
{
    signal(SIGSEGV, signal(SIGSEGV, SIG_DFL));
    return first();
}

FAR int blocked(void)
{
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    return first();
}

FAR int leave_stack(void)
{
    stack_t stack = {.ss_size = STACK};
    stack.ss_sp = mmap(NULL, STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return sigaltstack(&stack, NULL);
}

FAR int deep_down(void)
{
    return deep(200) + zero;
}

FAR int nothing(void)
{
    return 0;
}

static const struct {
    const char *name;
    int (*go)(void);
} ways[] = {
    {"static", first},
    {"deep", deep_down},
    {"full", fill_the_stack},
    {"divide", divide},
    {"trap", trap},
    {"abort", fail_assertion},
    {"bus", behind_the_end},
    {"sys", forbidden_call},
    {"free-twice", free_twice},
    {"free-nowhere", free_nowhere},
    {"call-nothing", call_nothing},
    {"call-anything", call_anything},
    {"smash", smash},
    {"thread", thread},
    {"full-thread", full_thread},
    {"full-thread-with-stack", full_thread_with_stack},
    {"ten-threads", ten_threads},
    {"child", child},
    {"child-with-our-memory", child_with_our_memory},
    {"own-handler", own_handler},
    {"leave-handler", leave_handler},
    {"handler-before-ours", handler_before_ours},
    {"ours-without-info", ours_without_info},
    {"blocked", blocked},
    {"leave-stack", leave_stack},
    {"nothing", nothing},
};

FAR int go(const char *way, size_t len)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strlen(ways[i].name) == len && strncmp(ways[i].name, way, len) == 0)
            return ways[i].go() + zero;
    }
    return -1;
}

FAR int init(const tm_host *host, const char *config)
{
    static const char key[] = "{\"init\":\"";
    (void)host;
    if (strncmp(config, key, strlen(key)) != 0)
        return 0;
    return go(config + strlen(key), strcspn(config + strlen(key), "\"")) + zero;
}

static void fini(void)
{
    go(at_end, strlen(at_end));
}

static int run(tm_job *job)
{
    const char *data = tm_job_data(job, NULL);
    if (strncmp(data, "fini ", 5) == 0)
        snprintf(at_end, sizeof(at_end), "%s", data + 5);
    else if (go(data, strlen(data)) != 0)
        return tm_fail(job, "alive", "did not die of %s", data);
    return tm_reply(job, data, strlen(data));
}

TM_MODULE(.name = "die", .run = run, .init = init, .fini = fini);
