/*
 * wc: a text -> {"lines":n,"words":n,"bytes":n}, counted as POSIX has wc(1) count in the C locale:
 * lines are newlines, words are divided by white space. Any bytes are a text: no input is bad.
 */
#include <taskmaster/module.h>

#include <stdbool.h>
#include <stdio.h>

enum { STOP_CHECK_BYTES = 1024 * 1024 };

/* As isspace() in the C locale, whatever locale another module may have set. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int run(tm_job *job)
{
    size_t len;
    size_t lines = 0;
    size_t words = 0;
    bool in_word = false;
    const char *data = tm_job_data(job, &len);

    for (size_t i = 0; i < len; i++) {
        bool space = is_space(data[i]);
        lines += data[i] == '\n';
        words += !space && !in_word;
        in_word = !space;
        if (i % STOP_CHECK_BYTES == 0 && tm_should_stop(job))
            return tm_fail(job, "stopped", "stopped after %zu of %zu bytes", i, len);
    }
    char text[128];
    int text_len = snprintf(text, sizeof(text), "{\"lines\":%zu,\"words\":%zu,\"bytes\":%zu}",
                            lines, words, len);
    return tm_reply(job, text, (size_t)text_len);
}

static const char *describe(void)
{
    return "{\"help\":\"Counts the lines, words and bytes of a text.\",\"input\":true}";
}

TM_MODULE(.name = "wc", .version = "1.0", .run = run, .describe = describe);
