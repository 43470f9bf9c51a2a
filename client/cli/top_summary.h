/* top_summary: the lines above the tables of `top`. Above top_model and units. */
#ifndef TASKMASTER_CLIENT_CLI_TOP_SUMMARY_H
#define TASKMASTER_CLIENT_CLI_TOP_SUMMARY_H

#include "top_model.h"

enum { TOP_SUMMARY_LINES = 4, TOP_SUMMARY_MAX = 512 };

/* The server has owed an answer for so long that the figures are old. */
bool top_summary_is_late(const struct top_model *model);

/* Each writes one line of at most `cols` columns, cut between two items. `server`: its address. */
void top_summary_server(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model,
                        const char *server, bool frozen);
void top_summary_jobs(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model);
void top_summary_workers(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model);
void top_summary_process(char text[TOP_SUMMARY_MAX], int cols, const struct top_model *model);

#endif
