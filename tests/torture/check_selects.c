/* check_selects: a cancel of all jobs of a module reaches each of them, and no others. */
#include "checker.h"

enum {
    BEGUN_US = 300000,     /* from a worker's taking of a job to the job's first record */
    STOPPED_US = 10000000, /* longer than a worker is stopped */
};

void check_selects_note(struct check *check, const struct event *event)
{
    if (event->code == SELECT_ASKED)
        check->selects[check->select_count++] = (struct known_select){
            .asked_us = event->t_us, .conn = event->conn, .module = (uint8_t)event->a};
    for (size_t i = check->select_count; i-- > 0 && event->code == SELECT_DONE;)
        if (check->selects[i].conn == event->conn) {
            check->selects[i].done_us = event->t_us;
            break;
        }
}

bool check_selects_met(const struct check *check, uint32_t uid, uint64_t until_us)
{
    for (size_t i = 0; i < check->select_count; i++) {
        const struct known_select *select = &check->selects[i];
        if (select->module == check->history->jobs[uid].spec.module &&
            select->asked_us <= until_us &&
            (!select->done_us || select->done_us >= check->jobs[uid].submit_us))
            return true;
    }
    return false;
}

/* The job's worker was stopped, perhaps between its taking of the job and the first record. */
static bool was_stopped(const struct check *check, const struct side_job *side)
{
    for (size_t i = 0; i < check->stop_count; i++)
        if (check->stops[i].pid == side->start_pid && check->stops[i].t_us <= side->start_us &&
            check->stops[i].t_us + STOPPED_US > side->start_us)
            return true;
    return false;
}

static void check_job(const struct check *check, const struct known_select *select, uint32_t uid)
{
    const struct side_job *side = &check->side->jobs[uid];
    const struct known_job *job = &check->jobs[uid];
    bool was_there = job->first_us && job->first_us < select->asked_us;
    if (was_there && select->done_us && check->history->jobs[uid].spec.module == select->module &&
        side->start_us > select->done_us + BEGUN_US * check->scale && !was_stopped(check, side))
        check_tell_job(check, FINDING_UNEXPECTED, uid, "begun behind the cancel of all such jobs");
}

void check_selects(const struct check *check)
{
    for (size_t i = 0; i < check->select_count; i++)
        for (uint32_t uid = 0; uid < check->history->job_count; uid++)
            check_job(check, &check->selects[i], uid);
}
