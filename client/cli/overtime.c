/* overtime: see overtime.h. */
#include "overtime.h"

#include "client/lib/deadline.h"
#include "exit_status.h"

#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

/* Time for an orderly end, with a better message. */
enum { MOMENT_MS = 2000 };

/* So small a write does not block after poll(2) has reported room. */
static void end_now(int number)
{
    static const char words[] = "taskmaster: the command did not end in time\n";
    struct pollfd poll_fd = {.fd = STDERR_FILENO, .events = POLLOUT};
    (void)number;
    if (poll(&poll_fd, 1, 0) > 0)
        (void)!write(STDERR_FILENO, words, sizeof words - 1);
    _exit(EXIT_TIMED_OUT);
}

void overtime_start(int64_t deadline)
{
    struct sigaction action = {.sa_handler = end_now};
    sigset_t set;
    if (deadline == TMC_DEADLINE_NEVER)
        return;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);

    int left_ms = tmc_deadline_left_ms(deadline) + MOMENT_MS;
    struct itimerval timer = {
        .it_value = {.tv_sec = left_ms / 1000, .tv_usec = (suseconds_t)(left_ms % 1000) * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}
