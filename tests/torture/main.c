/*
 * torture: many disasters, in rounds, and the checker after each. All chance in a round comes from
 * its own seed. Each finding shows this seed: --rounds 1 --seed SEED repeats the round.
 */
#include "checker.h"
#include "die.h"
#include "loop.h"
#include "round.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#if defined(__SANITIZE_ADDRESS__)
enum { SCALE = 4 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SCALE = 4 };
#else
enum { SCALE = 1 };
#endif
#else
enum { SCALE = 1 };
#endif

struct totals {
    uint64_t jobs, faults, missed, epochs, rounds;
    uint64_t kinds[FAULT_KINDS];
    uint64_t done, failed, overload, error;
    uint64_t reasons[REASON_OTHER + 1];
    uint64_t slowest_ping_us;
    uint64_t queue_jobs, queue_accepted, queue_done, queue_slowest_ping_us;
    uint64_t queue_kills, queue_terms, queue_stops, queue_cuts;
};

struct options {
    uint64_t seed, jobs, faults, round_jobs, seconds;
    enum fault_kind only;
    const char *build;
    bool verbose, keep;
};

static uint64_t number(const char *text, int base)
{
    char *end;
    unsigned long long value = strtoull(text, &end, base);
    if (!*text || *end)
        die("%s is no number", text);
    return value;
}

static enum fault_kind kind_of(const char *name)
{
    int kind = 0;
    while (kind < FAULT_KINDS && strcmp(fault_name((enum fault_kind)kind), name) != 0)
        kind++;
    if (kind == FAULT_KINDS)
        die("there is no fault %s", name);
    return (enum fault_kind)kind;
}

static uint64_t draw_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        die("getrandom");
    return seed;
}

_Noreturn static void usage(int status)
{
    fprintf(status ? stderr : stdout,
            "usage: torture [--seed HEX] [--jobs N] [--faults N] [--round-jobs N] [--seconds N]\n"
            "               [--only KIND] [--verbose] [--keep]\n"
            "BUILD names the directory of the programs (build).\n");
    exit(status);
}

static void parse(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},    {"jobs", required_argument, NULL, 'j'},
        {"faults", required_argument, NULL, 'f'},  {"round-jobs", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 't'}, {"only", required_argument, NULL, 'o'},
        {"verbose", no_argument, NULL, 'v'},       {"keep", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 's')
            options->seed = number(optarg, 16);
        else if (c == 'j')
            options->jobs = number(optarg, 10);
        else if (c == 'f')
            options->faults = number(optarg, 10);
        else if (c == 'r')
            options->round_jobs = number(optarg, 10);
        else if (c == 't')
            options->seconds = number(optarg, 10);
        else if (c == 'o')
            options->only = kind_of(optarg);
        else if (c == 'v')
            options->verbose = true;
        else if (c == 'k')
            options->keep = true;
        else
            usage(c == 'h' ? 0 : EXIT_TROUBLE);
    }
    if (optind < argc)
        usage(EXIT_TROUBLE);
}

static void add_jobs(struct totals *totals, const struct history *history)
{
    totals->jobs += history->job_count;
    for (size_t i = 0; i < history->event_count; i++) {
        const struct event *event = &history->events[i];
        totals->done += event->type == EV_DONE;
        totals->failed += event->type == EV_FAILED;
        totals->reasons[event->type == EV_FAILED ? event->code : 0] += event->type == EV_FAILED;
        totals->overload += event->type == EV_OVERLOAD;
        totals->error += event->type == EV_ERROR;
        if (event->type == EV_PING && event->a > totals->slowest_ping_us)
            totals->slowest_ping_us = event->a;
    }
}

static void add_queue(struct totals *totals, const struct ledger *ledger)
{
    const struct queue_rest *rest = &ledger->rest;
    totals->queue_jobs += ledger->count;
    for (size_t uid = 0; uid < ledger->count; uid++) {
        totals->queue_accepted += ledger->jobs[uid].accepted;
        totals->queue_done += ledger->jobs[uid].outcome.done;
    }
    totals->queue_kills += rest->kills;
    totals->queue_terms += rest->terms;
    totals->queue_stops += rest->stops;
    totals->queue_cuts += rest->cuts;
    if (rest->slowest_ping_us > totals->queue_slowest_ping_us)
        totals->queue_slowest_ping_us = rest->slowest_ping_us;
}

static void add(struct totals *totals, const struct round_result *result)
{
    add_jobs(totals, &result->history);
    add_queue(totals, &result->ledger);
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        totals->kinds[kind] += result->fault_counts[kind];
    totals->faults += result->faults;
    totals->missed += result->missed;
    totals->epochs += result->epochs;
    totals->rounds++;
}

static void run_round(const struct options *options, struct totals *totals,
                      struct findings *findings, uint64_t seed, uint64_t jobs, uint64_t faults)
{
    struct plan plan;
    struct round_result result;
    struct side side, queue_side;
    size_t before = findings->total;
    plan_make(&plan, seed, jobs, (size_t)faults, options->only);
    round_run(&result, &plan, options->build, SCALE);
    side_read(&side, result.side, result.history.job_count);
    side_read(&queue_side, result.queue_side, result.ledger.count);
    findings->seed = seed;
    findings->where = result.dir;
    checker_run(findings, &result.history, &side, &result.rest, &plan, SCALE);
    check_queue(findings, &result.ledger, &queue_side, result.whole, SCALE);
    add(totals, &result);
    struct limits sum = plan_sum(&plan.layout);
    if (options->verbose)
        printf("round %016" PRIx64 ": %zu jobs, %" PRIu64 " faults, %" PRIu64
               " masters, workers %u to %u, job-max %u, client-job-max %u, RSS %ld to %ld KiB, "
               "%zu findings, %.1f s\n",
               seed, result.history.job_count, result.faults, result.epochs, sum.pool_start,
               sum.pool_max, sum.job_max, plan.client_job_max, result.rest.rss_before_kb,
               result.rest.rss_after_kb, findings->total - before,
               (double)(clock_now_us() - result.rest.started_us) / 1e6);
    fflush(stdout);
    side_free(&side);
    side_free(&queue_side);
    round_free(&result, options->keep || findings->total > before);
    plan_free(&plan);
}

/* The first round has the given seed itself: a round is repeated by its own seed. */
static void run_rounds(const struct options *options, struct totals *totals,
                       struct findings *findings, uint64_t start_us)
{
    struct rng rng = rng_of(options->seed, 0);
    uint64_t seed = options->seed, jobs = 0;
    while (jobs < options->jobs) {
        uint64_t left = options->jobs - jobs;
        uint64_t now = left < options->round_jobs ? left : options->round_jobs;
        uint64_t before = options->faults * jobs / options->jobs;
        jobs += now;
        uint64_t faults = options->faults * jobs / options->jobs - before;
        run_round(options, totals, findings, seed, now, faults);
        seed = rng_next(&rng);
        if (options->seconds && clock_now_us() - start_us > options->seconds * 1000000)
            return;
    }
}

static void print_kinds(const struct totals *totals)
{
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        if (totals->kinds[kind])
            printf("  fault %-22s %" PRIu64 "\n", fault_name((enum fault_kind)kind),
                   totals->kinds[kind]);
    printf("  faults without a victim      %" PRIu64 "\n", totals->missed);
    for (int code = 0; code <= REASON_OTHER; code++)
        if (totals->reasons[code])
            printf("  failed %-21s %" PRIu64 "\n", history_reason_name((enum fail_reason_code)code),
                   totals->reasons[code]);
}

static void print_queue(const struct totals *totals)
{
    if (totals->queue_jobs)
        printf("queue: %" PRIu64 " jobs (%" PRIu64 " accepted, %" PRIu64 " done), %" PRIu64
               " kills, %" PRIu64 " ends, %" PRIu64 " stops, %" PRIu64
               " cuts, slowest ping %.0f ms\n",
               totals->queue_jobs, totals->queue_accepted, totals->queue_done, totals->queue_kills,
               totals->queue_terms, totals->queue_stops, totals->queue_cuts,
               (double)totals->queue_slowest_ping_us / 1e3);
}

static void print_totals(const struct totals *totals, const struct findings *findings, double took)
{
    unsigned kinds = 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        kinds += totals->kinds[kind] > 0;
    for (int kind = 0; kind < FINDING_KINDS; kind++)
        if (findings->counts[kind])
            printf("findings of kind %s: %zu\n", finding_name((enum finding_kind)kind),
                   findings->counts[kind]);
    printf("torture: %" PRIu64 " jobs (%" PRIu64 " done, %" PRIu64 " failed, %" PRIu64
           " overload, %" PRIu64 " error), %" PRIu64 " faults of %u kinds, %" PRIu64
           " masters, slowest ping %.0f ms, %.0f s, %zu findings\n",
           totals->jobs, totals->done, totals->failed, totals->overload, totals->error,
           totals->faults, kinds, totals->epochs, (double)totals->slowest_ping_us / 1e3, took,
           findings->total);
}

int main(int argc, char **argv)
{
    struct totals totals = {.jobs = 0};
    struct findings findings = {.total = 0};
    struct options options = {.seed = draw_seed(),
                              .jobs = 50000,
                              .faults = 500,
                              .round_jobs = 50000,
                              .only = FAULT_KINDS,
                              .build = getenv("BUILD")};
    if (!options.build || !*options.build)
        options.build = "build";
    parse(&options, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    uint64_t start_us = clock_now_us();
    printf("torture: seed %016" PRIx64 ", %" PRIu64 " jobs, %" PRIu64 " faults\n", options.seed,
           options.jobs, options.faults);
    fflush(stdout);
    run_rounds(&options, &totals, &findings, start_us);
    if (options.verbose)
        print_kinds(&totals);
    print_queue(&totals);
    print_totals(&totals, &findings, (double)(clock_now_us() - start_us) / 1e6);
    return findings.total ? EXIT_FINDINGS : 0;
}
