/* daemon: see daemon.h. */
#include "daemon.h"

#include "die.h"
#include "proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_READ = 64 * 1024, LOG_LINE_MAX = 64 * 1024, LOG_FILE_MAX = 256 << 20 };

static const char queue_module[] = "torture_queued";

/* --- the directory --- */

static void copy_file(const char *from, const char *to, mode_t mode)
{
    char data[64 * 1024];
    size_t n;
    FILE *in = fopen(from, "re");
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (!in || fd < 0)
        die("cannot copy %s to %s", from, to);
    while ((n = fread(data, 1, sizeof data, in)) > 0)
        if (write(fd, data, n) != (ssize_t)n)
            die("cannot write %s", to);
    fclose(in);
    close(fd);
}

static void copy_module(const struct daemon *daemon, const char *build, const char *name)
{
    char *from = need_text("%s/tests/modules/%s.so", build, name);
    char *to = need_text("%s/modules/%s.so", daemon->dir, name);
    copy_file(from, to, 0644);
    free(from);
    free(to);
}

static void copy_programs(const struct daemon *daemon, const char *build)
{
    static const char *const files[] = {"taskmasterd", "taskmaster-worker"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *from = need_text("%s/%s", build, files[i]);
        char *to = need_text("%s/%s", daemon->dir, files[i]);
        copy_file(from, to, 0755);
        free(from);
        free(to);
    }
    for (int i = 0; i < MODULE_NOT_THERE; i++)
        copy_module(daemon, build, module_names[i]);
    copy_module(daemon, build, queue_module);
}

static void make_empty(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        die("cannot make %s", path);
    close(fd);
}

static void make_directory(struct daemon *daemon)
{
    const char *base = getenv("TMPDIR");
    daemon->dir = need_text("%s/torture-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(daemon->dir))
        die("cannot make a directory %s", daemon->dir);
    char *modules = need_text("%s/modules", daemon->dir);
    if (mkdir(modules, 0755) < 0)
        die("cannot make %s", modules);
    free(modules);
    daemon->side = need_text("%s/side", daemon->dir);
    daemon->config = need_text("%s/config.json", daemon->dir);
    daemon->log = need_text("%s/log", daemon->dir);
    daemon->queue_side = need_text("%s/queue.side", daemon->dir);
    daemon->log_file = fopen(daemon->log, "we");
    if (!daemon->log_file)
        die("cannot make files in %s", daemon->dir);
    make_empty(daemon->side);
    make_empty(daemon->queue_side);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* --- settings --- */

static void add_int(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void add_pool(json_t *object, const struct limits *limits, const struct pool_rules *rules)
{
    add_int(object, "pool-start", limits->pool_start);
    add_int(object, "pool-max", limits->pool_max);
    add_int(object, "job-max", limits->job_max);
    add_int(object, "worker-window", rules->worker_window);
    add_int(object, "worker-max-jobs", rules->worker_max_jobs);
    add_int(object, "idle-timeout-ms", rules->idle_timeout_ms);
    add_int(object, "max-wait-ms", rules->max_wait_ms);
}

static json_t *pools(const struct daemon *daemon, const struct layout *layout)
{
    json_t *all = json_object();
    for (int i = 1; i < PLAN_POOLS; i++) {
        if (!layout->pools[i].pool_max)
            continue;
        json_t *pool = json_object();
        add_pool(pool, &layout->pools[i], &daemon->plan->rules[i]);
        json_object_set_new(all, plan_pool_names[i], pool);
    }
    return all;
}

static json_t *modules(const struct daemon *daemon, const struct layout *layout)
{
    json_t *all = json_object();
    for (int i = 0; i < MODULES_SET; i++) {
        json_t *module = json_pack("{s:{s:s}}", "config", "side", daemon->side);
        if (layout->pool_of[i])
            json_object_set_new(module, "pool", json_string(plan_pool_names[layout->pool_of[i]]));
        json_object_set_new(all, module_names[i], module);
    }
    json_object_set_new(all, queue_module,
                        json_pack("{s:{s:s}}", "config", "side", daemon->queue_side));
    return all;
}

static void add_life(json_t *all, const struct life_rules *life, uint32_t scale)
{
    add_int(all, "ping-interval-ms", life->ping_interval_ms * scale);
    add_int(all, "ping-misses", life->ping_misses);
    add_int(all, "begin-timeout-ms", life->begin_timeout_ms * scale);
    add_int(all, "dead-kill-ms", life->dead_kill_ms * scale);
    add_int(all, "breaker-window-ms", life->breaker_window_ms);
    add_int(all, "breaker-crashes", life->breaker_crashes);
    add_int(all, "breaker-pause-ms", life->breaker_pause_ms);
}

static json_t *settings(const struct daemon *daemon, const struct layout *layout)
{
    char listen[64];
    json_int_t s = daemon->scale;
    snprintf(listen, sizeof listen, "127.0.0.1:%u", ntohs(daemon->clients.sin_port));
    json_t *all = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:o, s:o}",
        "listen", listen, "log-format", "json", "log-level", "debug", "module-dir",
        json_sprintf("%s/modules", daemon->dir), "worker-path",
        json_sprintf("%s/taskmaster-worker", daemon->dir), "hello-timeout-ms", 1000 * s,
        "header-timeout-ms", 3000 * s, "payload-timeout-ms", 3000 * s, "output-timeout-ms",
        3000 * s, "linger-ms", (json_int_t)200, "start-timeout-ms", 3000 * s, "drain-timeout-ms",
        2000 * s, "kill-grace-ms", (json_int_t)200, "payload-max", (json_int_t)PLAN_PAYLOAD_MAX,
        "payload-total-max", (json_int_t)daemon->plan->total_max, "client-output-max",
        (json_int_t)PLAN_OUTPUT_MAX, "client-job-max", (json_int_t)daemon->plan->client_job_max,
        "client-max", (json_int_t)PLAN_CLIENT_MAX, "pools", pools(daemon, layout), "modules",
        modules(daemon, layout));
    if (!all)
        die("cannot make the settings");
    add_pool(all, &layout->pools[0], &daemon->plan->rules[0]);
    add_life(all, &daemon->plan->life, daemon->scale);
    add_int(all, "part-stall-ms", PLAN_PART_STALL_MS * daemon->scale);
    return all;
}

/* Writes a file beside and renames it, so that the daemon never reads half of it. */
static void replace_config(const struct daemon *daemon, const char *text)
{
    char *beside = need_text("%s.new", daemon->config);
    FILE *file = fopen(beside, "we");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0 || rename(beside, daemon->config) < 0)
        die("cannot write %s", daemon->config);
    free(beside);
}

/* A reload refuses a missing or non-executable worker. This one passes, and fails when it is
 * started. */
static json_t *broken_worker(const struct daemon *daemon)
{
    char *path = need_text("%s/broken-worker", daemon->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (fd < 0 || write(fd, "\177ELF", 4) != 4 || close(fd) < 0)
        die("cannot write %s", path);
    json_t *value = json_string(path);
    free(path);
    return value;
}

void daemon_write_config(struct daemon *daemon, const struct layout *layout, bool worker_broken)
{
    json_t *all = settings(daemon, layout);
    if (worker_broken)
        json_object_set_new(all, "worker-path", broken_worker(daemon));
    char *text = json_dumps(all, JSON_INDENT(2));
    if (!text)
        die("cannot make the settings");
    replace_config(daemon, text);
    free(text);
    json_decref(all);
}

void daemon_write_bad_config(struct daemon *daemon, unsigned which)
{
    static const char *const texts[] = {"",
                                        "{\"pool-max\": ",
                                        "{\"pool-max\": 0}",
                                        "{\"pool-max\": 3, \"pool-start\": 9}",
                                        "{\"job-maxx\": 5}",
                                        "{\"listen\": 17}",
                                        "[]",
                                        "\xff\xfe"};
    replace_config(daemon, texts[which % (sizeof texts / sizeof *texts)]);
}

/* --- the log --- */

static void take_address(struct daemon *daemon, const char *role, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (!colon)
        die("the log has an invalid address: %s", address);
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
    *(strcmp(role, "workers") == 0 ? &daemon->workers : &daemon->clients) = in;
}

static const char *member(json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : "";
}

static void take_event(struct daemon *daemon, json_t *line)
{
    const char *event = member(line, "event");
    if (strcmp(event, "listening") == 0) {
        take_address(daemon, member(line, "role"), member(line, "address"));
    } else if (strcmp(event, "start") == 0) {
        snprintf(daemon->boot, sizeof daemon->boot, "%s", member(line, "boot"));
        daemon->listening = true;
        daemon->up(daemon->arg);
    } else if (strcmp(event, "worker-start") == 0) {
        daemon->worker_started(daemon->arg,
                               (pid_t)json_integer_value(json_object_get(line, "pid")));
    }
}

static bool is_wanted(const char *line)
{
    return strstr(line, "\"listening\"") || strstr(line, "\"start\"") ||
           strstr(line, "\"worker-start\"");
}

static void take_line(struct daemon *daemon, const char *text)
{
    json_t *line = is_wanted(text) ? json_loads(text, 0, NULL) : NULL;
    if (ftell(daemon->log_file) < LOG_FILE_MAX)
        fprintf(daemon->log_file, "%s\n", text);
    if (line)
        take_event(daemon, line);
    json_decref(line);
}

static void take_log(struct daemon *daemon, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (daemon->line_len + 1 >= daemon->line_room) {
            daemon->line_room = daemon->line_room * 2 + 1024;
            daemon->line = need_more(daemon->line, daemon->line_room);
        }
        if (data[i] != '\n' && daemon->line_len < LOG_LINE_MAX) {
            daemon->line[daemon->line_len++] = data[i];
            continue;
        }
        daemon->line[daemon->line_len] = '\0';
        daemon->line_len = 0;
        take_line(daemon, daemon->line);
    }
}

/* False once there are no more lines for now. */
static bool read_log(struct daemon *daemon)
{
    char data[LOG_READ];
    ssize_t n = read(daemon->log_watch.fd, data, sizeof data);
    if (n > 0)
        take_log(daemon, data, (size_t)n);
    return n > 0;
}

static void close_log(struct daemon *daemon)
{
    int fd = daemon->log_watch.fd;
    loop_unwatch(daemon->loop, &daemon->log_watch);
    close(fd);
}

static void on_log(void *arg, uint32_t events)
{
    struct daemon *daemon = arg;
    if (!read_log(daemon) && (events & EPOLLHUP))
        close_log(daemon);
}

/* --- start and end --- */

static void on_end(void *arg, uint32_t events)
{
    struct daemon *daemon = arg;
    int status = 0, fd = daemon->end_watch.fd;
    (void)events;
    if (waitpid(daemon->pid, &status, 0) != daemon->pid)
        die("waitpid");
    loop_unwatch(daemon->loop, &daemon->end_watch);
    close(fd);
    while (daemon->log_watch.fd >= 0 && read_log(daemon))
        ;
    if (daemon->log_watch.fd >= 0)
        close_log(daemon);
    fflush(daemon->log_file);
    daemon->pid = 0;
    daemon->listening = false;
    daemon->down(daemon->arg, status);
}

/* Runs in the child, which must not outlive the harness. */
_Noreturn static void run(const struct daemon *daemon, int log)
{
    char *program = need_text("%s/taskmasterd", daemon->dir);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("ASAN_OPTIONS",
           "detect_leaks=1:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:"
           "handle_sigill=0:quarantine_size_mb=8",
           0);
    setenv("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1", 0);
    unsetenv("JOURNAL_STREAM");
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execl(program, "taskmasterd", "-c", daemon->config, (char *)NULL);
    _exit(127);
}

void daemon_start(struct daemon *daemon)
{
    int log[2];
    if (pipe2(log, O_CLOEXEC) < 0)
        die("pipe2");
    fcntl(log[0], F_SETPIPE_SZ, 1 << 20);
    fcntl(log[0], F_SETFL, O_NONBLOCK);
    fflush(NULL);
    daemon->pid = fork();
    if (daemon->pid < 0)
        die("fork");
    if (daemon->pid == 0)
        run(daemon, log[1]);
    close(log[1]);
    int pidfd = pidfd_open(daemon->pid, 0);
    if (pidfd < 0)
        die("pidfd_open");
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    loop_watch(daemon->loop, &daemon->log_watch, log[0], EPOLLIN);
    loop_watch(daemon->loop, &daemon->end_watch, pidfd, EPOLLIN);
}

void daemon_signal(struct daemon *daemon, int signo)
{
    if (daemon->pid)
        kill(daemon->pid, signo);
}

/* Only the soft limit: workers restore the master's first limit. */
void daemon_limit_files(struct daemon *daemon, int files)
{
    struct rlimit limit;
    if (!daemon->pid || prlimit(daemon->pid, RLIMIT_NOFILE, NULL, &limit) < 0)
        return;
    int open_now = proc_files(daemon->pid);
    limit.rlim_cur = files && open_now > 0 ? (rlim_t)(open_now + files) : limit.rlim_max;
    prlimit(daemon->pid, RLIMIT_NOFILE, &limit, NULL);
}

bool daemon_lost_port(struct daemon *daemon)
{
    bool lost = proc_port_taken(ntohs(daemon->clients.sin_port));
    if (lost)
        daemon->clients.sin_port = 0;
    return lost;
}

bool daemon_owns(const struct daemon *daemon, pid_t pid)
{
    return daemon->pid && pid > 0 && proc_parent(pid) == daemon->pid;
}

void daemon_init(struct daemon *daemon, struct loop *loop, const struct plan *plan,
                 const char *build, uint32_t scale)
{
    *daemon = (struct daemon){.loop = loop, .plan = plan, .scale = scale};
    daemon->log_watch = (struct loop_watch){.ready = on_log, .arg = daemon, .fd = -1};
    daemon->end_watch = (struct loop_watch){.ready = on_end, .arg = daemon, .fd = -1};
    make_directory(daemon);
    copy_programs(daemon, build);
}

void daemon_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void daemon_free(struct daemon *daemon)
{
    fclose(daemon->log_file);
    free(daemon->dir);
    free(daemon->side);
    free(daemon->queue_side);
    free(daemon->config);
    free(daemon->log);
    free(daemon->line);
}
