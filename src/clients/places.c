/* client_places: see places.h. */
#include "clients/places.h"

#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void client_places_init(struct client_places *places)
{
    *places = (struct client_places){0};
    TAILQ_INIT(&places->list);
}

void client_places_remove(struct client_places *places, struct client_place *place)
{
    listing_end(&place->jobs);
    TAILQ_REMOVE(&places->list, place, link);
    places->count--;
    free(place);
}

void client_places_free(struct client_places *places)
{
    struct client_place *place, *next;
    for (place = TAILQ_FIRST(&places->list); place; place = next) {
        next = TAILQ_NEXT(place, link);
        client_places_remove(places, place);
    }
}

struct client_place *client_places_add(struct client_places *places, enum client_place_kind kind)
{
    struct client_place *place = xcalloc(1, sizeof *place);
    if (places->count == PLACES_MAX)
        client_places_remove(places, TAILQ_FIRST(&places->list));
    place->number = ++places->last_number;
    place->kind = kind;
    listing_begin(&place->jobs, false);
    TAILQ_INSERT_TAIL(&places->list, place, link);
    places->count++;
    return place;
}

const char *client_places_name(const struct client_place *place, char name[PLACE_TEXT_MAX + 1])
{
    snprintf(name, PLACE_TEXT_MAX + 1, "%" PRIu64 "-%" PRIu64, place->number, place->page);
    return name;
}

struct client_place *client_places_go_on(struct client_places *places, enum client_place_kind kind,
                                         const char *name)
{
    char own[PLACE_TEXT_MAX + 1];
    struct client_place *place;
    TAILQ_FOREACH (place, &places->list, link) {
        if (place->kind != kind || strcmp(client_places_name(place, own), name) != 0)
            continue;
        place->page++;
        TAILQ_REMOVE(&places->list, place, link);
        TAILQ_INSERT_TAIL(&places->list, place, link);
        return place;
    }
    return NULL;
}

void client_places_forget(struct client_places *places, const struct client_session *session,
                          struct client_session *next)
{
    struct client_place *place;
    TAILQ_FOREACH (place, &places->list, link)
        if (place->next == session)
            place->next = next;
}
