/* effects_table: lists the functions of the C library able to change the process, with their
 * reach. The names are without leading underscores and without the suffix 64 of large files. */
#include "effects.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned reach;
} functions[] = {
    {"sigaction", REACH_SIGNALS},
    {"signal", REACH_SIGNALS},
    {"bsd_signal", REACH_SIGNALS},
    {"sysv_signal", REACH_SIGNALS},
    {"ssignal", REACH_SIGNALS},
    {"sigignore", REACH_SIGNALS},
    {"siginterrupt", REACH_SIGNALS},
    {"sigset", REACH_SIGNALS | REACH_MASK},

    {"sigprocmask", REACH_MASK},
    {"pthread_sigmask", REACH_MASK},
    {"sigsetmask", REACH_MASK},
    {"sigblock", REACH_MASK},
    {"sighold", REACH_MASK},
    {"sigrelse", REACH_MASK},
    {"longjmp", REACH_MASK},
    {"longjmp_chk", REACH_MASK},
    {"siglongjmp", REACH_MASK},
    {"setcontext", REACH_MASK},
    {"swapcontext", REACH_MASK},

    {"setitimer", REACH_TIMERS},
    {"alarm", REACH_TIMERS},
    {"ualarm", REACH_TIMERS},
    {"timer_create", REACH_TIMERS | REACH_THREADS},

    {"close", REACH_FILES},
    {"close_range", REACH_FILES},
    {"closefrom", REACH_FILES},
    {"dup2", REACH_FILES},
    {"dup3", REACH_FILES},
    {"fcntl", REACH_FILES},
    {"ioctl", REACH_FILES},
    {"shutdown", REACH_FILES},
    {"fclose", REACH_FILES},
    {"fcloseall", REACH_FILES},
    {"freopen", REACH_FILES},
    {"setvbuf", REACH_FILES},
    {"setbuf", REACH_FILES},
    {"setbuffer", REACH_FILES},
    {"setlinebuf", REACH_FILES},
    {"fwide", REACH_FILES},
    {"wprintf", REACH_FILES},
    {"fwprintf", REACH_FILES},
    {"vwprintf", REACH_FILES},
    {"vfwprintf", REACH_FILES},
    {"wprintf_chk", REACH_FILES},
    {"fwprintf_chk", REACH_FILES},
    {"vwprintf_chk", REACH_FILES},
    {"vfwprintf_chk", REACH_FILES},
    {"putwchar", REACH_FILES},
    {"putwc", REACH_FILES},
    {"fputwc", REACH_FILES},
    {"fputws", REACH_FILES},
    {"putwchar_unlocked", REACH_FILES},
    {"putwc_unlocked", REACH_FILES},
    {"fputwc_unlocked", REACH_FILES},
    {"fputws_unlocked", REACH_FILES},
    {"ZSt5wcout", REACH_FILES}, /* std::wcout and the like */
    {"ZSt5wcerr", REACH_FILES},
    {"ZSt5wclog", REACH_FILES},
    {"ZNSt3__15wcoutE", REACH_FILES},
    {"ZNSt3__15wcerrE", REACH_FILES},
    {"ZNSt3__15wclogE", REACH_FILES},
    {"login_tty", REACH_FILES},
    {"daemon", REACH_FILES | REACH_DIRECTORY},

    {"chdir", REACH_DIRECTORY},
    {"fchdir", REACH_DIRECTORY},
    {"chroot", REACH_DIRECTORY},
    {"umask", REACH_DIRECTORY},
    {"nftw", REACH_DIRECTORY},
    {"fts_open", REACH_DIRECTORY}, /* until fts_close() */
    {"fts64_open", REACH_DIRECTORY},
    /* std::filesystem::current_path(path): of libstdc++ with either of its strings, without and
     * with an error code, and of libc++ */
    {"ZNSt10filesystem12current_pathERKNS_7__cxx114pathE", REACH_DIRECTORY},
    {"ZNSt10filesystem12current_pathERKNS_7__cxx114pathERSt10error_code", REACH_DIRECTORY},
    {"ZNSt10filesystem12current_pathERKNS_4pathE", REACH_DIRECTORY},
    {"ZNSt10filesystem12current_pathERKNS_4pathERSt10error_code", REACH_DIRECTORY},
    {"ZNSt3__14__fs10filesystem14__current_pathERKNS1_4pathEPNS_10error_codeE", REACH_DIRECTORY},
    {"unshare", REACH_DIRECTORY | REACH_USER},
    {"setns", REACH_DIRECTORY | REACH_USER},

    {"setenv", REACH_ENVIRONMENT},
    {"putenv", REACH_ENVIRONMENT},
    {"unsetenv", REACH_ENVIRONMENT},
    {"clearenv", REACH_ENVIRONMENT},
    {"getenv", REACH_ENVIRONMENT}, /* the result can be written to */
    {"secure_getenv", REACH_ENVIRONMENT},
    {"environ", REACH_ENVIRONMENT},

    {"setlocale", REACH_LOCALE},
    {"uselocale", REACH_LOCALE},
    {"ZNSt6locale6globalERKS_", REACH_LOCALE}, /* std::locale::global() */
    {"ZNSt3__16locale6globalERKS0_", REACH_LOCALE},

    {"setrlimit", REACH_LIMITS},
    {"prlimit", REACH_LIMITS},
    {"ulimit", REACH_LIMITS},
    {"nice", REACH_LIMITS},
    {"setpriority", REACH_LIMITS},
    {"sched_setaffinity", REACH_LIMITS},
    {"sched_setscheduler", REACH_LIMITS},
    {"sched_setparam", REACH_LIMITS},
    {"sched_setattr", REACH_LIMITS},
    {"pthread_setschedparam", REACH_LIMITS},
    {"pthread_setschedprio", REACH_LIMITS},
    {"pthread_setaffinity_np", REACH_LIMITS},

    {"setuid", REACH_USER},
    {"setgid", REACH_USER},
    {"seteuid", REACH_USER},
    {"setegid", REACH_USER},
    {"setreuid", REACH_USER},
    {"setregid", REACH_USER},
    {"setresuid", REACH_USER},
    {"setresgid", REACH_USER},
    {"setfsuid", REACH_USER},
    {"setfsgid", REACH_USER},
    {"prctl", REACH_USER},

    {"pthread_create", REACH_THREADS},
    {"thrd_create", REACH_THREADS},
    {"clone", REACH_ALL},
    {"mq_notify", REACH_THREADS},
    {"aio_read", REACH_THREADS},
    {"aio_write", REACH_THREADS},
    {"aio_fsync", REACH_THREADS},
    {"lio_listio", REACH_THREADS},
    {"getaddrinfo_a", REACH_THREADS},
    {"ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE",
     REACH_THREADS}, /* std::thread */

    {"syscall", REACH_ALL},
    {"dlopen", REACH_ALL},
    {"dlmopen", REACH_ALL},
    {"dlsym", REACH_ALL},
    {"dlvsym", REACH_ALL},
};

unsigned reach_of_function(const char *name)
{
    name += strspn(name, "_");
    size_t len = strlen(name);
    if (len > 2 && strcmp(name + len - 2, "64") == 0)
        len -= 2;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        const char *known = functions[i].name;
        if (strncmp(known, name, len) == 0 && known[len] == '\0')
            return functions[i].reach;
    }
    return 0;
}
