/* last_words: logs and prints, then crashes. The payload is the number of bytes printed before. */
#include <taskmaster/module.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int run(tm_job *job)
{
    int bytes = atoi(tm_job_data(job, NULL));

    for (int i = 1; i <= bytes; i++)
        fputc(i % 60 == 0 ? '\n' : 'x', stderr);
    tm_log(job, TM_WARNING, "logged\nin two");
    puts("printed");
    printf("an unfinished line of stdout dies with the process");
    fputs("state=", stderr);
    fputs("42", stderr);
    return raise(SIGKILL);
}

TM_MODULE(.name = "last_words", .run = run);
