/* cmd_top: a live screen of pools, modules, jobs and workers; or all of it once, as text or JSON.
 */
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "exit_status.h"
#include "output.h"
#include "report.h"
#include "report_json.h"
#include "top_figures.h"
#include "top_terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    INTERVAL_MS = 1000,
    SAMPLE_MS = 500, /* between two looks at once, for rates */
    WIDE = 200,      /* columns of a file */
    KEYS_MAX = 256,  /* bytes of keys in one read */
};

struct top {
    const struct settings *settings;
    tm_client *client;
    struct top_model model;
    struct top_figures figures;
    struct top_view view;
    struct top_screen screen;
    int signals;        /* descriptor */
    int64_t next;       /* when to ask (deadline.h) */
    bool repaint, quit; /* wishes of the user */
};

static void open_top(struct top *top, const struct settings *settings, tm_client *client)
{
    *top = (struct top){.settings = settings, .client = client, .signals = -1};
    top_model_init(&top->model);
    top_figures_init(&top->figures, client, &top->model);
    top_view_init(&top->view);
    top_screen_init(&top->screen);
}

static void close_top(struct top *top)
{
    top_screen_free(&top->screen);
    top_view_free(&top->view);
    top_figures_free(&top->figures);
    top_model_free(&top->model);
    tm_client_free(top->client);
}

static int interval_ms(const struct settings *settings)
{
    return settings->interval_ms ? (int)settings->interval_ms : INTERVAL_MS;
}

/* Returns the exit status, after a complaint; the terminal is put back before. */
static int fail(struct top *top, tm_client_status status)
{
    top_terminal_close();
    if (top->figures.refusal)
        return report_refusal(top->settings, top->figures.refusal);
    return report_call(top->settings, top->client, status);
}

static bool is_over(const struct top *top)
{
    return tmc_deadline_passed(top->settings->deadline);
}

/* ---- once, or line by line ---- */

/* Waits for all answers of a round, or for `ms` to pass. */
static tm_client_status wait_for(struct top *top, int ms, bool answers)
{
    int64_t end = tmc_deadline_in(ms);
    tm_client_status status = TM_CLIENT_OK;
    while (status == TM_CLIENT_OK && !top->figures.refusal && !(answers && top->figures.complete) &&
           !tmc_deadline_passed(end)) {
        struct pollfd poll_fd = {tm_client_fd(top->client), tm_client_poll_events(top->client), 0};
        poll(&poll_fd, 1, tmc_deadline_left_ms(end));
        tm_client_process(top->client);
        status = top_figures_take(&top->figures);
    }
    if (answers && status == TM_CLIENT_OK && !top->figures.complete)
        status = TM_CLIENT_TIMEOUT;
    return top->figures.refusal ? TM_CLIENT_REFUSED : status;
}

static tm_client_status ask_and_wait(struct top *top)
{
    tm_client_status status = top_figures_ask(&top->figures);
    if (status != TM_CLIENT_OK)
        return status;
    return wait_for(top, settings_time_left_ms(top->settings, ANSWER_MAX_MS), true);
}

static int print_text(struct top *top)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return EXIT_JOB_FAILED;
    top_screen_resize(&top->screen, 1, top_terminal_cols(WIDE));
    top_view_update(&top->view, &top->model);
    top_screen_draw_all(&top->screen, &top->model, &top->view, top->settings->server);
    for (int row = 0; row < top->screen.used; row++) {
        const char *line = top->screen.lines[row].text;
        int end = (int)strlen(line);
        while (end > 0 && line[end - 1] == ' ')
            end--;
        fprintf(out, "%.*s\n", end, line);
    }
    if (fclose(out) != 0)
        return EXIT_JOB_FAILED;
    return output_print_owned(top->settings, text, len);
}

static int print_json(struct top *top)
{
    size_t len;
    char *line = report_json_line(json_deep_copy(top->figures.answers), &len);
    return output_print_owned(top->settings, line, len);
}

/* Rates need two looks, and hardly any job ends between them. */
static int run_once(struct top *top)
{
    top->model.since_start = true;
    tm_client_status status = ask_and_wait(top);
    if (status == TM_CLIENT_OK && !top->settings->json)
        status = wait_for(top, SAMPLE_MS, false);
    if (status == TM_CLIENT_OK && !top->settings->json)
        status = ask_and_wait(top);
    if (status != TM_CLIENT_OK)
        return fail(top, status);
    return top->settings->json ? print_json(top) : print_text(top);
}

/* A line of JSON for each look, until somebody ends it. */
static int run_lines(struct top *top)
{
    for (;;) {
        tm_client_status status = ask_and_wait(top);
        if (status != TM_CLIENT_OK)
            return fail(top, status);
        int printed = print_json(top);
        if (printed != EXIT_DONE)
            return printed;
        if ((status = wait_for(top, interval_ms(top->settings), false)) != TM_CLIENT_OK)
            return fail(top, status);
    }
}

/* ---- live ---- */

static void take_wish(struct top *top, enum top_wish wish)
{
    if (wish == TOP_QUIT)
        top->quit = true;
    else if (wish == TOP_REPAINT)
        top->repaint = true;
    else if (wish == TOP_CANCEL_JOB || wish == TOP_KILL_JOB)
        (void)top_figures_stop_job(&top->figures, top->view.job, wish == TOP_KILL_JOB);
}

/* No input is the end of the terminal. */
static void take_keys(struct top *top)
{
    char bytes[KEYS_MAX];
    const char *at = bytes;
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n <= 0) {
        top->quit = true;
        return;
    }
    for (size_t len = (size_t)n; len > 0;) {
        enum top_key key = top_keys_take(&at, &len);
        take_wish(top,
                  top_view_key(&top->view, &top->model, key, top->screen.page[top->view.focus]));
    }
    top->figures.frozen = top->view.frozen;
}

static tm_client_status take_answers(struct top *top)
{
    tm_client_process(top->client);
    tm_client_status status = top_figures_take(&top->figures);
    if (*top->figures.notice) {
        snprintf(top->view.notice, sizeof top->view.notice, "%s", top->figures.notice);
        top->figures.notice[0] = '\0';
        top->next = tmc_deadline_in(0); /* the job's end is to be seen */
    }
    top_view_update(&top->view, &top->model);
    return top->figures.refusal ? TM_CLIENT_REFUSED : status;
}

static void show(struct top *top)
{
    bool owed = top->figures.awaited > 0;
    top->model.silent_ms = owed ? (tmc_deadline_now() - top->figures.asked) / 1000000 : 0;
    top_terminal_fit(&top->screen);
    top_screen_draw(&top->screen, &top->model, &top->view, top->settings->server);
    top_terminal_show(&top->screen, top->repaint);
    top->repaint = false;
}

/* Waits for a key, a signal, an answer, or the next look. */
static tm_client_status turn(struct top *top)
{
    struct pollfd fds[] = {
        {STDIN_FILENO, POLLIN, 0},
        {top->signals, POLLIN, 0},
        {tm_client_fd(top->client), tm_client_poll_events(top->client), 0},
    };
    int left_ms = tmc_deadline_left_ms(top->next);
    poll(fds, sizeof fds / sizeof *fds, settings_time_left_ms(top->settings, left_ms));
    if (fds[0].revents)
        take_keys(top);
    if (fds[1].revents && top_terminal_signal())
        top->quit = true;
    return fds[2].revents ? take_answers(top) : TM_CLIENT_OK;
}

static tm_client_status ask_when_due(struct top *top)
{
    if (!tmc_deadline_passed(top->next))
        return TM_CLIENT_OK;
    top->next = tmc_deadline_in(interval_ms(top->settings));
    return top_figures_ask(&top->figures);
}

static tm_client_status go_on(struct top *top)
{
    tm_client_status status = TM_CLIENT_OK;
    while (status == TM_CLIENT_OK && !top->quit && !is_over(top)) {
        status = ask_when_due(top);
        if (status == TM_CLIENT_OK)
            status = turn(top);
        if (top->model.stats)
            show(top);
    }
    return status;
}

/* A signal has its usual effect, behind the terminal's restoration. */
static int run_live(struct top *top)
{
    top->signals = top_terminal_open();
    if (top->signals < 0)
        return EXIT_JOB_FAILED;
    tm_client_status status = go_on(top);
    int number = top_terminal_signal();
    if (status != TM_CLIENT_OK)
        return fail(top, status);
    top_terminal_close();
    if (number && number != SIGINT) {
        signal(number, SIG_DFL);
        raise(number);
    }
    return is_over(top) ? EXIT_TIMED_OUT : EXIT_DONE;
}

static int run_top(const struct settings *settings)
{
    int status;
    struct top top;
    tm_client *client = connect_to_server(settings, &status);
    if (!client)
        return status;
    open_top(&top, settings, client);
    if (settings->once || (!settings->json && !top_terminal_is_there()))
        status = run_once(&top);
    else
        status = settings->json ? run_lines(&top) : run_live(&top);
    close_top(&top);
    return status;
}

const struct command cmd_top = {
    .name = "top",
    .arguments = "",
    .kind = COMMAND_TOP,
    .run = run_top,
    .summary = "show pools, modules, jobs and workers live",
    .help = "Shows a live screen: pools, modules with the times of their jobs, the jobs\n"
            "running longest, and workers. h shows the keys, q quits. With -1, or without a\n"
            "terminal, all of it is printed once. With --json, a line for each look: the\n"
            "answers to stats, workers and jobs.\n",
};
