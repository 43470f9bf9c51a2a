/* effects_table: lists the functions of the C library able to change the process, with their
 * effects. The names are without leading underscores and without the suffix 64 of large files. */
#include "effects.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned effects;
} functions[] = {
    {"sigaction", EFFECT_SIGNALS},
    {"signal", EFFECT_SIGNALS},
    {"bsd_signal", EFFECT_SIGNALS},
    {"sysv_signal", EFFECT_SIGNALS},
    {"ssignal", EFFECT_SIGNALS},
    {"sigignore", EFFECT_SIGNALS},
    {"siginterrupt", EFFECT_SIGNALS},
    {"sigaltstack", EFFECT_SIGNALS},
    {"sigset", EFFECT_SIGNALS | EFFECT_MASK},

    {"sigprocmask", EFFECT_MASK},
    {"pthread_sigmask", EFFECT_MASK},
    {"sigsetmask", EFFECT_MASK},
    {"sigblock", EFFECT_MASK},
    {"sighold", EFFECT_MASK},
    {"sigrelse", EFFECT_MASK},
    {"longjmp", EFFECT_MASK},
    {"longjmp_chk", EFFECT_MASK},
    {"siglongjmp", EFFECT_MASK},
    {"setcontext", EFFECT_MASK},
    {"swapcontext", EFFECT_MASK},

    {"setitimer", EFFECT_TIMERS},
    {"alarm", EFFECT_TIMERS},
    {"ualarm", EFFECT_TIMERS},
    {"timer_create", EFFECT_TIMERS | EFFECT_THREADS},

    {"close", EFFECT_FILES},
    {"close_range", EFFECT_FILES},
    {"closefrom", EFFECT_FILES},
    {"dup2", EFFECT_FILES},
    {"dup3", EFFECT_FILES},
    {"fcntl", EFFECT_FILES},
    {"ioctl", EFFECT_FILES},
    {"shutdown", EFFECT_FILES},
    {"fclose", EFFECT_FILES},
    {"fcloseall", EFFECT_FILES},
    {"freopen", EFFECT_FILES},
    {"setvbuf", EFFECT_FILES},
    {"setbuf", EFFECT_FILES},
    {"setbuffer", EFFECT_FILES},
    {"setlinebuf", EFFECT_FILES},
    {"fwide", EFFECT_FILES},
    {"wprintf", EFFECT_FILES},
    {"fwprintf", EFFECT_FILES},
    {"vwprintf", EFFECT_FILES},
    {"vfwprintf", EFFECT_FILES},
    {"wprintf_chk", EFFECT_FILES},
    {"fwprintf_chk", EFFECT_FILES},
    {"vwprintf_chk", EFFECT_FILES},
    {"vfwprintf_chk", EFFECT_FILES},
    {"putwchar", EFFECT_FILES},
    {"putwc", EFFECT_FILES},
    {"fputwc", EFFECT_FILES},
    {"fputws", EFFECT_FILES},
    {"putwchar_unlocked", EFFECT_FILES},
    {"putwc_unlocked", EFFECT_FILES},
    {"fputwc_unlocked", EFFECT_FILES},
    {"fputws_unlocked", EFFECT_FILES},
    {"ZSt5wcout", EFFECT_FILES}, /* std::wcout and the like */
    {"ZSt5wcerr", EFFECT_FILES},
    {"ZSt5wclog", EFFECT_FILES},
    {"ZNSt3__15wcoutE", EFFECT_FILES},
    {"ZNSt3__15wcerrE", EFFECT_FILES},
    {"ZNSt3__15wclogE", EFFECT_FILES},
    {"login_tty", EFFECT_FILES},
    {"daemon", EFFECT_FILES | EFFECT_DIRECTORY},

    {"chdir", EFFECT_DIRECTORY},
    {"fchdir", EFFECT_DIRECTORY},
    {"chroot", EFFECT_DIRECTORY},
    {"umask", EFFECT_DIRECTORY},
    {"nftw", EFFECT_DIRECTORY},
    {"fts_open", EFFECT_DIRECTORY}, /* until fts_close() */
    {"fts64_open", EFFECT_DIRECTORY},
    /* std::filesystem::current_path(path): of libstdc++ with either of its strings, without and
     * with an error code, and of libc++ */
    {"ZNSt10filesystem12current_pathERKNS_7__cxx114pathE", EFFECT_DIRECTORY},
    {"ZNSt10filesystem12current_pathERKNS_7__cxx114pathERSt10error_code", EFFECT_DIRECTORY},
    {"ZNSt10filesystem12current_pathERKNS_4pathE", EFFECT_DIRECTORY},
    {"ZNSt10filesystem12current_pathERKNS_4pathERSt10error_code", EFFECT_DIRECTORY},
    {"ZNSt3__14__fs10filesystem14__current_pathERKNS1_4pathEPNS_10error_codeE", EFFECT_DIRECTORY},
    {"unshare", EFFECT_DIRECTORY | EFFECT_USER},
    {"setns", EFFECT_DIRECTORY | EFFECT_USER},

    {"setenv", EFFECT_ENVIRONMENT},
    {"putenv", EFFECT_ENVIRONMENT},
    {"unsetenv", EFFECT_ENVIRONMENT},
    {"clearenv", EFFECT_ENVIRONMENT},
    {"getenv", EFFECT_ENVIRONMENT}, /* the result can be written to */
    {"secure_getenv", EFFECT_ENVIRONMENT},
    {"environ", EFFECT_ENVIRONMENT},

    {"setlocale", EFFECT_LOCALE},
    {"uselocale", EFFECT_LOCALE},
    {"ZNSt6locale6globalERKS_", EFFECT_LOCALE}, /* std::locale::global() */
    {"ZNSt3__16locale6globalERKS0_", EFFECT_LOCALE},

    {"setrlimit", EFFECT_LIMITS},
    {"prlimit", EFFECT_LIMITS},
    {"ulimit", EFFECT_LIMITS},
    {"nice", EFFECT_LIMITS},
    {"setpriority", EFFECT_LIMITS},
    {"sched_setaffinity", EFFECT_LIMITS},
    {"sched_setscheduler", EFFECT_LIMITS},
    {"sched_setparam", EFFECT_LIMITS},
    {"sched_setattr", EFFECT_LIMITS},
    {"pthread_setschedparam", EFFECT_LIMITS},
    {"pthread_setschedprio", EFFECT_LIMITS},
    {"pthread_setaffinity_np", EFFECT_LIMITS},

    {"setuid", EFFECT_USER},
    {"setgid", EFFECT_USER},
    {"seteuid", EFFECT_USER},
    {"setegid", EFFECT_USER},
    {"setreuid", EFFECT_USER},
    {"setregid", EFFECT_USER},
    {"setresuid", EFFECT_USER},
    {"setresgid", EFFECT_USER},
    {"setfsuid", EFFECT_USER},
    {"setfsgid", EFFECT_USER},
    {"prctl", EFFECT_USER},

    {"pthread_create", EFFECT_THREADS},
    {"thrd_create", EFFECT_THREADS},
    {"clone", EFFECT_ALL},
    {"mq_notify", EFFECT_THREADS},
    {"aio_read", EFFECT_THREADS},
    {"aio_write", EFFECT_THREADS},
    {"aio_fsync", EFFECT_THREADS},
    {"lio_listio", EFFECT_THREADS},
    {"getaddrinfo_a", EFFECT_THREADS},
    {"ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE",
     EFFECT_THREADS}, /* std::thread */

    {"syscall", EFFECT_ALL},
    {"dlopen", EFFECT_ALL},
    {"dlmopen", EFFECT_ALL},
    {"dlsym", EFFECT_ALL},
    {"dlvsym", EFFECT_ALL},
};

unsigned effects_of_function(const char *name)
{
    name += strspn(name, "_");
    size_t len = strlen(name);
    if (len > 2 && strcmp(name + len - 2, "64") == 0)
        len -= 2;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        const char *known = functions[i].name;
        if (strncmp(known, name, len) == 0 && known[len] == '\0')
            return functions[i].effects;
    }
    return 0;
}
