/* clients: see clients.h. */
#include "clients/clients.h"
#include "clients/clients_internal.h"
#include "clients/monitor_news.h"
#include "clients/service_jobs.h"
#include "clients/session.h"

static void on_selection(void *arg)
{
    struct client_session *session = client_selections_go_on(arg);
    if (session)
        peer_settle(&session->peer);
}

void clients_init(struct clients *clients)
{
    clients->peers.ops = &client_session_ops;
    peers_init(&clients->peers);
    hash_init(&clients->jobs_by_id);
    client_detached_init(clients);
    client_services_init(&clients->services, client_service_jobs_prepare);
    client_watches_init(clients);
    client_selections_init(&clients->selections, on_selection, clients);
    client_monitor_news_init(clients);
    client_log_init(&clients->log, clients->peers.loop->timers);
}

void clients_free(struct clients *clients)
{
    client_selections_free(&clients->selections, clients->peers.loop->timers);
    client_log_free(&clients->log);
    client_detached_free(clients);
    client_services_free(&clients->services);
    hash_free(&clients->jobs_by_id);
    peers_free(&clients->peers);
}

void clients_configure(struct clients *clients, const struct client_settings *settings,
                       const struct access_settings *access)
{
    clients->settings = settings;
    peers_configure(&clients->peers, &settings->peers, access);
}
