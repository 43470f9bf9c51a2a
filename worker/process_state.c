/* process_state: see process_state.h. files_state.c, environment_state.c and posix_timers.c do the
 * larger parts. */
#include "process_state.h"

#include "common/xmalloc.h"
#include "effects.h"
#include "environment_state.h"
#include "files_state.h"
#include "fp_control.h"
#include "posix_timers.h"
#include "report.h"

#include <errno.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { TIMERS = 3 };

struct process_state {
    struct process_state *next;
    unsigned kept; /* set of enum effect: the parts to restore */
    struct sigaction actions[NSIG];
    sigset_t mask;
    struct files_state *files; /* NULL: as at the start */
    stack_t signal_stack;
    struct itimerval timers[TIMERS];
    mode_t umask;
    char *directory; /* NULL: the directory was removed */
    struct environment_state *environment;
    char *locale;
    locale_t thread_locale; /* a copy; LC_GLOBAL_LOCALE: none of its own */
    struct rlimit limits[RLIM_NLIMITS];
    int priority;
    int policy; /* of scheduling */
    struct sched_param parameters;
    cpu_set_t processors;
    uid_t user;
    gid_t group;
    uint64_t fp_control;
};

static struct process_state start; /* the process at its start */
static struct process_state *kept; /* one state for each module with changes of its own */

/* Signals */

static void take_signals(struct process_state *s)
{
    for (int signo = 1; signo < NSIG; signo++)
        sigaction(signo, NULL, &s->actions[signo]); /* fails for signals reserved by libc */
    sigaltstack(NULL, &s->signal_stack);
}

static int set_signals(const struct process_state *s)
{
    for (int signo = 1; signo < NSIG; signo++) {
        if (signo != SIGKILL && signo != SIGSTOP)
            sigaction(signo, &s->actions[signo], NULL); /* as above */
    }
    sigaltstack(&s->signal_stack, NULL);
    return 0;
}

static bool same_signals(const struct process_state *a, const struct process_state *b)
{
    for (int signo = 1; signo < NSIG; signo++) {
        const struct sigaction *x = &a->actions[signo], *y = &b->actions[signo];
        if (x->sa_handler != y->sa_handler || x->sa_flags != y->sa_flags)
            return false;
    }
    return a->signal_stack.ss_sp == b->signal_stack.ss_sp &&
           a->signal_stack.ss_size == b->signal_stack.ss_size;
}

static void take_mask(struct process_state *s)
{
    sigprocmask(SIG_SETMASK, NULL, &s->mask);
}

/* Signals blocked and pending are the business of the module that is left: they are dropped. */
static int set_mask(const struct process_state *s)
{
    const struct timespec now = {.tv_sec = 0};
    sigset_t blocked;

    sigprocmask(SIG_SETMASK, NULL, &blocked);
    while (sigtimedwait(&blocked, NULL, &now) > 0)
        ;
    return sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

static bool same_mask(const struct process_state *a, const struct process_state *b)
{
    for (int signo = 1; signo < NSIG; signo++) {
        if (sigismember(&a->mask, signo) != sigismember(&b->mask, signo))
            return false;
    }
    return true;
}

/* Timers */

static void take_timers(struct process_state *s)
{
    for (int i = 0; i < TIMERS; i++)
        getitimer((__itimer_which_t)i, &s->timers[i]);
}

static int set_timers(const struct process_state *s)
{
    for (int i = 0; i < TIMERS; i++)
        setitimer((__itimer_which_t)i, &s->timers[i], NULL);
    return 0;
}

static bool same_timers(const struct process_state *a, const struct process_state *b)
{
    for (int i = 0; i < TIMERS; i++) {
        const struct timeval *x = &a->timers[i].it_value, *y = &b->timers[i].it_value;
        if ((x->tv_sec | x->tv_usec) != 0 || (y->tv_sec | y->tv_usec) != 0)
            return false;
    }
    return true;
}

static int delete_timers(const struct process_state *s)
{
    (void)s;
    posix_timers_delete();
    return 0;
}

/* Directory */

static void take_directory(struct process_state *s)
{
    s->umask = umask(0);
    umask(s->umask);
    s->directory = getcwd(NULL, 0);
}

static int set_directory(const struct process_state *s)
{
    const char *directory = s->directory != NULL ? s->directory : "/";

    umask(s->umask);
    if (chdir(directory) == 0)
        return 0;
    report(TM_ERROR, "cannot go back to directory %s: %s", directory, strerror(errno));
    return -1;
}

static bool same_directory(const struct process_state *a, const struct process_state *b)
{
    if (a->umask != b->umask || (a->directory == NULL) != (b->directory == NULL))
        return false;
    return a->directory == NULL || strcmp(a->directory, b->directory) == 0;
}

/* Environment */

static void take_environment(struct process_state *s)
{
    s->environment = environment_state_take();
}

static int set_environment(const struct process_state *s)
{
    environment_state_set(s->environment);
    return 0;
}

static bool same_environment(const struct process_state *a, const struct process_state *b)
{
    return environment_state_same(a->environment, b->environment);
}

/* Locale */

static void take_locale(struct process_state *s)
{
    locale_t own = uselocale((locale_t)0);

    s->locale = xstrdup(setlocale(LC_ALL, NULL));
    s->thread_locale = own != LC_GLOBAL_LOCALE ? duplocale(own) : LC_GLOBAL_LOCALE;
}

static int set_locale(const struct process_state *s)
{
    uselocale(s->thread_locale);
    if (strcmp(setlocale(LC_ALL, NULL), s->locale) != 0)
        (void)setlocale(LC_ALL, s->locale); /* this locale was set before, so it exists */
    return 0;
}

static bool same_locale(const struct process_state *a, const struct process_state *b)
{
    return strcmp(a->locale, b->locale) == 0 && a->thread_locale == b->thread_locale;
}

/* Limits */

static void take_limits(struct process_state *s)
{
    for (int i = 0; i < (int)RLIM_NLIMITS; i++)
        getrlimit((__rlimit_resource_t)i, &s->limits[i]);
    s->priority = getpriority(PRIO_PROCESS, 0);
    s->policy = sched_getscheduler(0);
    sched_getparam(0, &s->parameters);
    sched_getaffinity(0, sizeof(s->processors), &s->processors);
}

/* Does as much as the system allows: without privileges a lowered hard limit stays lowered, and so
 * does a priority. */
static int set_limits(const struct process_state *s)
{
    struct rlimit now;

    for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
        __rlimit_resource_t which = (__rlimit_resource_t)i;
        if (setrlimit(which, &s->limits[i]) == 0 || getrlimit(which, &now) < 0)
            continue;
        now.rlim_cur = now.rlim_max < s->limits[i].rlim_cur ? now.rlim_max : s->limits[i].rlim_cur;
        setrlimit(which, &now);
    }
    sched_setscheduler(0, s->policy, &s->parameters);
    setpriority(PRIO_PROCESS, 0, s->priority);
    sched_setaffinity(0, sizeof(s->processors), &s->processors);
    return 0;
}

static bool same_limits(const struct process_state *a, const struct process_state *b)
{
    return memcmp(a->limits, b->limits, sizeof(a->limits)) == 0 && a->priority == b->priority &&
           a->policy == b->policy && a->parameters.sched_priority == b->parameters.sched_priority &&
           CPU_EQUAL(&a->processors, &b->processors);
}

/* User */

static void take_user(struct process_state *s)
{
    s->user = geteuid();
    s->group = getegid();
}

/* Fails silently if the process has given up its user for good. seteuid() and setegid() clear the
 * death signal. */
static int set_user(const struct process_state *s)
{
    if (seteuid(s->user) < 0 || setegid(s->group) < 0)
        errno = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return 0;
}

static bool same_user(const struct process_state *a, const struct process_state *b)
{
    return a->user == b->user && a->group == b->group;
}

/* Floating point */

static void take_fp_control(struct process_state *s)
{
    s->fp_control = fp_control_read();
}

static int set_fp_control(const struct process_state *s)
{
    if (s->fp_control != fp_control_read())
        fp_control_write(s->fp_control);
    return 0;
}

static bool same_fp_control(const struct process_state *a, const struct process_state *b)
{
    return a->fp_control == b->fp_control;
}

/* Files */

static void take_files(struct process_state *s)
{
    s->files = files_state_take();
}

static int set_files(const struct process_state *s)
{
    return files_state_set(s->files);
}

static bool same_files(const struct process_state *a, const struct process_state *b)
{
    return a->files == b->files;
}

/* All parts, in the order of setting them: the user comes early, because other parts may need its
 * rights, and timers come before signals, because a timer could still go off. */
static const struct part {
    unsigned effects; /* the part is concerned if a set has all of these; 0: always */
    void (*take)(struct process_state *s);
    int (*set)(const struct process_state *s); /* 0, or -1 after a report */
    bool (*same)(const struct process_state *a, const struct process_state *b);
} parts[] = {
    {0, take_fp_control, set_fp_control, same_fp_control},
    {EFFECT_USER, take_user, set_user, same_user},
    {EFFECT_TIMERS, take_timers, set_timers, same_timers},
    {EFFECT_TIMERS | EFFECT_THREADS, NULL, delete_timers, NULL},
    {EFFECT_SIGNALS, take_signals, set_signals, same_signals},
    {EFFECT_MASK, take_mask, set_mask, same_mask},
    {EFFECT_LIMITS, take_limits, set_limits, same_limits},
    {EFFECT_ENVIRONMENT, take_environment, set_environment, same_environment},
    {EFFECT_LOCALE, take_locale, set_locale, same_locale},
    {EFFECT_DIRECTORY, take_directory, set_directory, same_directory},
    {EFFECT_FILES, take_files, set_files, same_files},
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static bool is_concerned(const struct part *part, unsigned effects)
{
    return (effects & part->effects) == part->effects;
}

static void take(struct process_state *s, unsigned effects)
{
    for (const struct part *part = parts; part < parts + PARTS; part++) {
        if (part->take != NULL && is_concerned(part, effects))
            part->take(s);
    }
}

static int set(const struct process_state *s, unsigned effects)
{
    int result = 0;

    for (const struct part *part = parts; part < parts + PARTS; part++) {
        if (is_concerned(part, effects) && part->set(s) < 0)
            result = -1;
    }
    return result;
}

/* Fills in s->kept. Returns false if no part of `s` differs from the start. */
static bool find_changes(struct process_state *s, unsigned effects)
{
    bool changed = false;

    for (const struct part *part = parts; part < parts + PARTS; part++) {
        if (part->same == NULL || !is_concerned(part, effects) || part->same(s, &start))
            continue;
        s->kept |= part->effects;
        changed = true;
    }
    return changed;
}

void process_state_init(void)
{
    if (start.locale != NULL)
        return;
    files_state_init();
    take(&start, EFFECT_ALL);
    environment_state_set(start.environment);
}

int process_state_reset(unsigned effects)
{
    return set(&start, effects);
}

static void free_state(struct process_state *state)
{
    free(state->directory);
    free(state->locale);
    environment_state_free(state->environment);
    free(state);
}

const struct process_state *process_state_save(unsigned effects)
{
    struct process_state *state = xcalloc(1, sizeof(*state));

    take(state, effects);
    if (!find_changes(state, effects)) {
        free_state(state);
        return NULL;
    }
    state->next = kept;
    kept = state;
    return state;
}

void process_state_reset_mask(const struct process_state *state)
{
    sigprocmask(SIG_SETMASK,
                state != NULL && (state->kept & EFFECT_MASK) ? &state->mask : &start.mask, NULL);
}

void process_state_restore(const struct process_state *state)
{
    set(state, state->kept);
}
