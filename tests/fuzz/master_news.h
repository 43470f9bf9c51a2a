/*
 * master_news: two readers of news in fuzz_master.
 *
 * The first one wants everything, always: each job tells one end, and jobs and workers come and go
 * in a possible order. The second one comes and goes as the input says, also amid news, and keeps
 * account of jobs with a mark.
 */
#ifndef TASKMASTER_FUZZ_MASTER_NEWS_H
#define TASKMASTER_FUZZ_MASTER_NEWS_H

#include "input.h"
#include "master_world.h"

/* Before a run, once the pools are there. */
void news_begin(void);

/* Marks some unfinished job, as a monitor does. */
void news_mark(struct input *input);

/* The second reader wants other kinds of news. */
void news_change(struct input *input);

/* At the end of a run: each submitted job has told its end once, a marked one to both readers. */
void news_check(void);

/* The readers want nothing more. */
void news_end(void);

#endif
