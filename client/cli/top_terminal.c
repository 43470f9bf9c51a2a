/* top_terminal: see top_terminal.h. */
#include "top_terminal.h"

#include "allocate.h"
#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The other screen, without a cursor and without wrapping; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define LEAVE "\033[0m\033[?7h\033[?25h\033[?1049l"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int crashing[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};

static struct termios before; /* the terminal's modes */
static volatile sig_atomic_t is_open, end_signal;
static int tell[2] = {-1, -1}; /* a pipe from the handlers */

static struct {
    struct top_line *lines; /* as shown; owned */
    int rows, cols;
} shown;

bool top_terminal_is_there(void)
{
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
           strcmp(term, "dumb") != 0;
}

/* ---- modes; also called by handlers ---- */

/* A terminal that is gone takes nothing: nobody waits for it. Nor does a signal that ends the
 * process wait for one stopped by Ctrl-S. */
static void write_all(const char *text, size_t len)
{
    while (len > 0 && !(is_open && end_signal)) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        if (n < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
        else if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

static void take_over(void)
{
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    write_all(ENTER, sizeof ENTER - 1);
    is_open = 1;
}

void top_terminal_close(void)
{
    if (!is_open)
        return;
    is_open = 0;
    tcflow(STDOUT_FILENO, TCOOFF); /* without it, the next call does not undo a Ctrl-S */
    tcflow(STDOUT_FILENO, TCOON);
    write_all(LEAVE, sizeof LEAVE - 1);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* ---- signals ---- */

static void tell_loop(void)
{
    int saved = errno;
    (void)!write(tell[1], "!", 1);
    errno = saved;
}

static void on_end(int number)
{
    end_signal = number;
    tell_loop();
}

static void on_change(int number)
{
    (void)number;
    tell_loop();
}

static void set_handler(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

static void on_crash(int number)
{
    top_terminal_close();
    set_handler(number, SIG_DFL, 0);
    raise(number);
}

/* Ctrl-Z: the terminal is the shell's until SIGCONT. */
static void on_stop(int number)
{
    int saved = errno;
    sigset_t set;
    (void)number;
    top_terminal_close();
    set_handler(SIGTSTP, SIG_DFL, 0);
    raise(SIGTSTP);
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here */
    set_handler(SIGTSTP, on_stop, SA_RESTART);
    take_over();
    tell_loop();
    errno = saved;
}

static void handle_signals(void)
{
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        set_handler(ending[i], on_end, 0); /* a write is given up */
    for (size_t i = 0; i < sizeof crashing / sizeof *crashing; i++)
        set_handler(crashing[i], on_crash, 0);
    set_handler(SIGTSTP, on_stop, SA_RESTART);
    set_handler(SIGWINCH, on_change, SA_RESTART);
    set_handler(SIGPIPE, SIG_IGN, 0);
}

int top_terminal_open(void)
{
    if (tcgetattr(STDIN_FILENO, &before) < 0 || pipe2(tell, O_CLOEXEC | O_NONBLOCK) < 0) {
        complain("cannot use the terminal: %s", strerror(errno));
        return -1;
    }
    atexit(top_terminal_close);
    handle_signals();
    take_over();
    return tell[0];
}

int top_terminal_signal(void)
{
    char bytes[64];
    while (read(tell[0], bytes, sizeof bytes) > 0)
        ;
    shown.rows = 0; /* everything may have to be drawn again */
    return end_signal;
}

/* ---- the screen ---- */

int top_terminal_cols(int otherwise)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : otherwise;
}

void top_terminal_fit(struct top_screen *screen)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    top_screen_resize(screen, known ? size.ws_row : 24, known ? size.ws_col : 80);
}

static const char *look_of(enum top_look look)
{
    static const char *const looks[] = {
        [TOP_PLAIN] = "\033[0m",     [TOP_HEAD] = "\033[0;1m",       [TOP_TITLE] = "\033[0;7m",
        [TOP_FOCUS] = "\033[0;1;7m", [TOP_CURSOR] = "\033[0;30;46m", [TOP_ALARM] = "\033[0;1;31m",
        [TOP_DIM] = "\033[0;2m",
    };
    return looks[look];
}

static void print_line(FILE *out, const struct top_line *line, int row)
{
    const char *look = look_of(line->look);
    fprintf(out, "\033[%d;1H%s\033[K", row + 1, look_of(TOP_PLAIN));
    fputs(look, out);
    if (line->mark < line->mark_end)
        fprintf(out, "%.*s\033[4m%.*s%s%s", line->mark, line->text, line->mark_end - line->mark,
                line->text + line->mark, look, line->text + line->mark_end);
    else
        fputs(line->text, out);
}

static bool is_shown(const struct top_line *line, int row)
{
    const struct top_line *old = &shown.lines[row];
    return row < shown.rows && old->look == line->look && old->mark == line->mark &&
           old->mark_end == line->mark_end && strcmp(old->text, line->text) == 0;
}

static void print_lines(FILE *out, const struct top_screen *screen)
{
    for (int row = 0; row < screen->used; row++)
        if (!is_shown(&screen->lines[row], row))
            print_line(out, &screen->lines[row], row);
    fputs(look_of(TOP_PLAIN), out);
}

/* One write for all lines: no half screen is seen. */
void top_terminal_show(const struct top_screen *screen, bool all)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        allocate_failed();
    if (all || shown.rows != screen->used || shown.cols != screen->cols) {
        shown.rows = 0;
        fputs("\033[0m\033[2J", out);
    }
    print_lines(out, screen);
    if (fclose(out) != 0)
        allocate_failed();
    write_all(text, len);
    free(text);
    size_t size = (size_t)screen->used * sizeof *shown.lines;
    shown.lines = allocate(shown.lines, size);
    memcpy(shown.lines, screen->lines, size);
    shown.rows = screen->used;
    shown.cols = screen->cols;
}
