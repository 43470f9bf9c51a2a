/* job_progress: see job_progress.h. */
#include "job_progress.h"

#include "client/lib/clean.h"
#include "complain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BAR_WIDTH = 24,
    COLUMNS_DEFAULT = 80,
};

void job_progress_open(struct job_progress *progress)
{
    const char *term = getenv("TERM");
    memset(progress, 0, sizeof *progress);
    progress->terminal = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* Returns the number of bytes that surely fit into a line of the terminal. */
static size_t line_room(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT - 1;
    return size.ws_col - 1u;
}

/* Cuts the text to `room` bytes, between two characters. */
static void cut(char *text, size_t room)
{
    if (strlen(text) <= room)
        return;
    while (room > 0 && (text[room] & 0xc0) == 0x80)
        room--;
    text[room] = '\0';
}

static void draw(struct job_progress *progress, double fraction, const char *text)
{
    char bar[BAR_WIDTH + 1], line[sizeof progress->text + BAR_WIDTH + 4];
    int full = (int)(fraction * BAR_WIDTH);
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (size_t)full);
    bar[BAR_WIDTH] = '\0';
    snprintf(line, sizeof line, "[%s] %s", bar, text);
    cut(line, line_room());
    fprintf(stderr, "\r\033[K%s", line);
    progress->shown = true;
}

void job_progress_show(struct job_progress *progress, double fraction, const char *message)
{
    char text[sizeof progress->text];
    fraction = fraction > 0 ? fraction < 1 ? fraction : 1 : 0;
    snprintf(text, sizeof text, "%3d%%%s%s", (int)(fraction * 100), message ? "  " : "",
             message ? message : "");
    tmc_clean(text);
    if (strcmp(text, progress->text) == 0)
        return;
    memcpy(progress->text, text, sizeof text);
    if (progress->terminal)
        draw(progress, fraction, text);
    else
        complain("%s", text);
}

void job_progress_hide(struct job_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
