/* module_breaker: see module_breaker.h. */
#include "jobs/module_breaker.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

enum { PAUSE_MAX_MS = 60000 };

/* The probe has run for breaker-window-ms. Nothing wakes up for that. */
static bool has_passed(const struct module_breaker *breaker, uint64_t now_us)
{
    return breaker->state == BREAKER_PROBING && now_us >= breaker->until_us;
}

const char *module_breaker_state_name(const struct module_breaker *breaker, uint64_t now_us)
{
    static const char *const names[] = {
        [BREAKER_CLOSED] = "closed", [BREAKER_OPEN] = "open", [BREAKER_PROBING] = "probing"};
    return names[has_passed(breaker, now_us) ? BREAKER_CLOSED : breaker->state];
}

/* --- the window --- */

static uint64_t part_length_us(const struct job_settings *settings)
{
    uint64_t length_us = settings->breaker_window_ms * 1000ull / (BREAKER_PARTS - 1);
    return length_us ? length_us : 1;
}

/* Goes on to the part of this moment, and clears the parts between. */
static void turn_to(struct module_breaker *breaker, uint64_t length_us, uint64_t now_us)
{
    uint64_t steps = (now_us - breaker->part_us) / length_us;
    if (steps >= BREAKER_PARTS) {
        memset(breaker->parts, 0, sizeof breaker->parts);
        breaker->part_us = now_us;
        return;
    }
    breaker->part_us += steps * length_us;
    while (steps--) {
        breaker->part = (uint8_t)((breaker->part + 1u) % BREAKER_PARTS);
        memset(&breaker->parts[breaker->part], 0, sizeof breaker->parts[0]);
    }
}

static void count(struct module_breaker *breaker, const struct job_settings *settings, bool crashed,
                  uint64_t now_us)
{
    uint64_t length_us = part_length_us(settings);
    if (now_us >= breaker->part_end_us) {
        turn_to(breaker, length_us, now_us);
        breaker->part_end_us = breaker->part_us + length_us;
    }
    breaker->parts[breaker->part].ended++;
    breaker->parts[breaker->part].crashed += crashed;
}

/* Enough crashes. `crashed`: gets their number. */
static bool is_loop(const struct module_breaker *breaker, const struct job_settings *settings,
                    uint64_t *crashed)
{
    uint64_t ended = 0;
    *crashed = 0;
    for (int i = 0; i < BREAKER_PARTS; i++) {
        ended += breaker->parts[i].ended;
        *crashed += breaker->parts[i].crashed;
    }
    return settings->breaker_crashes && *crashed >= settings->breaker_crashes &&
           *crashed * 2 >= ended;
}

/* --- states --- */

static uint64_t pause_ms(const struct module_breaker *breaker, const struct job_settings *settings)
{
    uint64_t ms = settings->breaker_pause_ms;
    for (uint32_t i = 0; i < breaker->failures && ms < PAUSE_MAX_MS; i++)
        ms *= 2;
    return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

void module_breaker_open(struct module_breaker *breaker, const struct job_settings *settings,
                         const char *module, const char *why, uint64_t now_us)
{
    uint64_t ms = pause_ms(breaker, settings);
    snprintf(breaker->why, sizeof breaker->why, "%s", why);
    breaker->state = BREAKER_OPEN;
    breaker->until_us = now_us + ms * 1000;
    breaker->probe = 0;
    breaker->failures++;
    breaker->opened++;
    memset(breaker->parts, 0, sizeof breaker->parts);
    log_event(LOG_ERROR, "breaker-open", LOG_STR("module", module), LOG_STR("why", breaker->why),
              LOG_UINT("retry_ms", ms), LOG_UINT("opened", breaker->opened));
}

void module_breaker_close(struct module_breaker *breaker, const char *module, const char *why)
{
    if (breaker->state != BREAKER_CLOSED)
        log_event(LOG_INFO, "breaker-closed", LOG_STR("module", module), LOG_STR("why", why));
    breaker->state = BREAKER_CLOSED;
    breaker->probe = 0;
    breaker->failures = 0;
    memset(breaker->parts, 0, sizeof breaker->parts);
}

static void close_if_passed(struct module_breaker *breaker, const char *module, uint64_t now_us)
{
    if (has_passed(breaker, now_us))
        module_breaker_close(breaker, module, "a job has run for breaker-window-ms");
}

void module_breaker_begun(struct module_breaker *breaker, const struct job_settings *settings,
                          uint64_t seq, uint64_t now_us)
{
    if (breaker->state != BREAKER_OPEN || now_us < breaker->until_us)
        return; /* begun early, and not taken back in time */
    breaker->state = BREAKER_PROBING;
    breaker->probe = seq;
    breaker->until_us = now_us + settings->breaker_window_ms * 1000ull;
}

void module_breaker_returned(struct module_breaker *breaker, uint64_t seq)
{
    if (breaker->state != BREAKER_PROBING || breaker->probe != seq)
        return;
    breaker->state = BREAKER_OPEN;
    breaker->probe = 0;
    breaker->until_us = 0; /* the next job is the probe */
}

static void end_probe(struct module_breaker *breaker, const struct job_settings *settings,
                      const char *module, enum breaker_end end, const char *crash, uint64_t now_us)
{
    char why[BREAKER_WHY_MAX];
    if (end == BREAKER_PASSED) {
        module_breaker_close(breaker, module, "a job has ended well");
    } else if (end == BREAKER_CRASHED) {
        snprintf(why, sizeof why, "another job of %s crashed its worker, by %s", module, crash);
        module_breaker_open(breaker, settings, module, why, now_us);
    } else {
        module_breaker_returned(breaker, breaker->probe);
    }
}

bool module_breaker_ended(struct module_breaker *breaker, const struct job_settings *settings,
                          const char *module, uint64_t seq, enum breaker_end end, const char *crash,
                          uint64_t now_us)
{
    uint64_t crashed;
    char why[BREAKER_WHY_MAX];
    close_if_passed(breaker, module, now_us);
    if (breaker->state != BREAKER_CLOSED) { /* jobs begun before the opening decide nothing */
        if (breaker->probe == seq)
            end_probe(breaker, settings, module, end, crash, now_us);
        return false;
    }
    count(breaker, settings, end == BREAKER_CRASHED, now_us);
    if (end != BREAKER_CRASHED || !is_loop(breaker, settings, &crashed))
        return false;
    snprintf(why, sizeof why, "%llu jobs of %s crashed their workers within %u ms, the last by %s",
             (unsigned long long)crashed, module, settings->breaker_window_ms, crash);
    module_breaker_open(breaker, settings, module, why, now_us);
    return true;
}

bool module_breaker_fails(struct module_breaker *breaker, const char *module, uint64_t now_us)
{
    close_if_passed(breaker, module, now_us);
    return breaker->state == BREAKER_PROBING ||
           (breaker->state == BREAKER_OPEN && now_us < breaker->until_us);
}

uint64_t module_breaker_retry_ms(const struct module_breaker *breaker, uint64_t now_us)
{
    if (breaker->state == BREAKER_CLOSED || has_passed(breaker, now_us))
        return 0;
    return breaker->until_us > now_us ? (breaker->until_us - now_us) / 1000 + 1 : 1;
}
