/* rows: the series of the history. doc/http.md, section 11, lists them. */
#ifndef TASKMASTER_GATEWAY_HISTORY_ROWS_H
#define TASKMASTER_GATEWAY_HISTORY_ROWS_H

#include "gateway/history/track.h"

extern const struct track_row history_rows_master[], history_rows_pool[], history_rows_queue[];

#endif
