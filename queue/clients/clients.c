/* queue_clients: see clients.h. */
#include "queue/clients/clients.h"

#include "queue/clients/news.h"
#include "queue/clients/session.h"

void queue_clients_init(struct queue_clients *clients)
{
    clients->peers.ops = &queue_session_ops;
    peers_init(&clients->peers);
    queue_news_init(clients);
    hash_init(&clients->by_id);
}

void queue_clients_free(struct queue_clients *clients)
{
    hash_free(&clients->by_id);
    peers_free(&clients->peers);
}

void queue_clients_leave(struct queue_clients *clients)
{
    clients->leaving = true;
}
