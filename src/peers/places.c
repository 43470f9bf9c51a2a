/* places: see places.h. */
#include "peers/places.h"

#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct peers_place_kind peers_place_of_clients = {.size = sizeof(struct peers_place)};

void peers_places_init(struct peers_places *places)
{
    *places = (struct peers_places){0};
    TAILQ_INIT(&places->list);
}

void peers_places_remove(struct peers_places *places, struct peers_place *place)
{
    if (place->kind->end)
        place->kind->end(place);
    TAILQ_REMOVE(&places->list, place, link);
    places->count--;
    free(place);
}

void peers_places_free(struct peers_places *places)
{
    struct peers_place *place, *next;
    for (place = TAILQ_FIRST(&places->list); place; place = next) {
        next = TAILQ_NEXT(place, link);
        peers_places_remove(places, place);
    }
}

struct peers_place *peers_places_add(struct peers_places *places,
                                     const struct peers_place_kind *kind)
{
    struct peers_place *place = xcalloc(1, kind->size);
    if (places->count == PLACES_MAX)
        peers_places_remove(places, TAILQ_FIRST(&places->list));
    place->number = ++places->last_number;
    place->kind = kind;
    if (kind->begin)
        kind->begin(place);
    TAILQ_INSERT_TAIL(&places->list, place, link);
    places->count++;
    return place;
}

const char *peers_places_name(const struct peers_place *place, char name[PLACE_TEXT_MAX + 1])
{
    snprintf(name, PLACE_TEXT_MAX + 1, "%" PRIu64 "-%" PRIu64, place->number, place->page);
    return name;
}

struct peers_place *peers_places_go_on(struct peers_places *places,
                                       const struct peers_place_kind *kind, const char *name)
{
    char own[PLACE_TEXT_MAX + 1];
    struct peers_place *place;
    TAILQ_FOREACH (place, &places->list, link) {
        if (place->kind != kind || strcmp(peers_places_name(place, own), name) != 0)
            continue;
        place->page++;
        TAILQ_REMOVE(&places->list, place, link);
        TAILQ_INSERT_TAIL(&places->list, place, link);
        return place;
    }
    return NULL;
}

void peers_places_forget(struct peers_places *places, const struct peer *peer, struct peer *next)
{
    struct peers_place *place;
    TAILQ_FOREACH (place, &places->list, link)
        if (place->next == peer)
            place->next = next;
}
