/*
 * top_figures: asks the server for the figures of `top`, and takes its answers, without waiting.
 * Above top_model, ask, connect and the library.
 */
#ifndef TASKMASTER_CLIENT_CLI_TOP_FIGURES_H
#define TASKMASTER_CLIENT_CLI_TOP_FIGURES_H

#include "taskmaster/client.h"
#include "top_model.h"

struct top_figures {
    tm_client *client; /* borrowed */
    struct top_model *model;
    size_t awaited;           /* answers */
    int64_t asked;            /* for the last figures (deadline.h) */
    bool no_jobs;             /* the server does not know this request, or its right is missing */
    bool complete;            /* all answers of the last round are here */
    bool frozen;              /* answers change nothing */
    tm_client_event *refusal; /* the server tells no figures: its error; NULL: it does; owned */
    char notice[256];         /* the answer to a wish of the user; "": none */
    json_t *answers;          /* {"stats":...,"workers":...,"jobs":...}: the last ones; owned */
};

void top_figures_init(struct top_figures *figures, tm_client *client, struct top_model *model);
void top_figures_free(struct top_figures *figures);

/* Asks for all figures, unless answers are awaited. */
tm_client_status top_figures_ask(struct top_figures *figures);

/* Asks for the end of a job. */
tm_client_status top_figures_stop_job(struct top_figures *figures, const char *job, bool kill);

/* Reads and takes what has arrived. TM_CLIENT_OK, or why the connection is of no more use. */
tm_client_status top_figures_take(struct top_figures *figures);

#endif
