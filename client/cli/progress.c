/* progress: see progress.h. */
#include "progress.h"

#include "client/lib/deadline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DRAW_INTERVAL_MS = 100,
    BAR_WIDTH = 24,
};

void progress_open(struct progress *progress, int input)
{
    struct stat status;
    const char *term = getenv("TERM");
    memset(progress, 0, sizeof *progress);
    progress->enabled = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
    progress->over_output = isatty(STDOUT_FILENO);
    progress->started = tmc_deadline_now();
    progress->next_draw = tmc_deadline_in(DRAW_INTERVAL_MS);
    off_t offset = lseek(input, 0, SEEK_CUR);
    if (offset >= 0 && fstat(input, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size > offset)
        progress->total = (uint64_t)(status.st_size - offset);
}

static void draw_bar(double fraction)
{
    char bar[BAR_WIDTH + 1];
    int full = (int)(fraction * BAR_WIDTH);
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (size_t)full);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "[%s] %3d%%  ", bar, (int)(fraction * 100));
}

void progress_draw(struct progress *progress, const struct progress_figures *figures)
{
    if (!progress->enabled || !tmc_deadline_passed(progress->next_draw))
        return;
    double seconds = (double)(tmc_deadline_now() - progress->started) / 1e9;
    double fraction = progress->total ? (double)figures->bytes / (double)progress->total : 0;
    fputs("\r\033[K", stderr);
    if (progress->total)
        draw_bar(fraction < 1 ? fraction : 1);
    fprintf(stderr, "%" PRIu64 " done, %" PRIu64 " failed, %zu running, %.0f/s", figures->done,
            figures->failed, figures->running, (double)(figures->done + figures->failed) / seconds);
    progress->shown = true;
    progress->next_draw = tmc_deadline_in(DRAW_INTERVAL_MS);
}

void progress_hide(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}

int progress_wait_ms(const struct progress *progress)
{
    return progress->enabled ? tmc_deadline_left_ms(progress->next_draw) : -1;
}
