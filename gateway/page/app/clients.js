/* clients: who is connected, who does not read, and the registered services. */

import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { empty, meter, more, panel } from './parts.js';
import { table } from './table.js';

const LIMITS = [200, 1000];

function filterOf(app) {
    app.ui.filter.clients = app.ui.filter.clients || { limit: LIMITS[0] };
    return app.ui.filter.clients;
}

function needs(app) {
    return { clients: `/v1/clients?limit=${filterOf(app).limit}`, services: '/v1/services' };
}

function draw(app) {
    const list = app.answer('clients');
    const stats = app.answer('stats');
    const top = head(
        'Clients',
        stats
            ? `${format.plural(stats.clients.connected, 'client')} of ${format.count(stats.clients.max)} connected.`
            : null,
    );
    if (!list) return [top, absent(app, 'clients')];
    return [top, h('div', { class: 'stack' }, connected(app, list, stats), services(app))];
}

function connected(app, list, stats) {
    const max = stats?.output.bytes_max;
    return panel(
        'Connections',
        { key: 'clients' },
        table(app, {
            name: 'clients',
            label: 'Connections',
            rows: list,
            key: (row) => row.id,
            order: { title: 'Client', down: false },
            columns: [
                {
                    title: 'Client',
                    sort: (row) => row.id,
                    cell: (row) => [`${row.id} `, h('b', null, row.name || 'without a name')],
                },
                {
                    title: 'Address',
                    sort: (row) => row.address,
                    cell: (row) =>
                        h('span', { class: 'mono nowrap' }, row.address, row.uid !== undefined && ` uid ${row.uid}`),
                },
                { title: 'Token', sort: (row) => row.owner, cell: (row) => row.owner || '–' },
                { title: 'Jobs', right: true, sort: (row) => row.jobs, cell: (row) => format.count(row.jobs) },
                {
                    title: 'Unread',
                    right: true,
                    sort: (row) => row.output,
                    cell: (row) =>
                        row.output > 65536 ? meter(row.output, max, format.bytes) : format.bytes(row.output),
                },
                {
                    title: 'Services',
                    right: true,
                    minor: true,
                    sort: (row) => row.services,
                    cell: (row) => format.count(row.services),
                },
                {
                    title: 'Monitors',
                    right: true,
                    minor: true,
                    sort: (row) => row.monitors,
                    cell: (row) => format.count(row.monitors),
                },
                { title: 'Idle', right: true, sort: (row) => row.idle_ms, cell: (row) => format.millis(row.idle_ms) },
                {
                    title: 'Connected',
                    right: true,
                    sort: (row) => row.connected_ms,
                    cell: (row) => format.millis(row.connected_ms),
                },
            ],
        }),
        more(app, 'clients', { filter: filterOf(app), limits: LIMITS }),
    );
}

function services(app) {
    const list = app.answer('services') || [];
    return panel(
        'Services',
        { key: 'services', note: 'Names to which the ends of jobs are sent.' },
        list.length
            ? table(app, {
                  name: 'services',
                  label: 'Services',
                  rows: list,
                  key: (row) => row.name,
                  order: { title: 'Service', down: false },
                  columns: [
                      { title: 'Service', sort: (row) => row.name, cell: (row) => h('b', null, row.name) },
                      { title: 'Owner', cell: (row) => `${row.owner.name || 'a client'} (${row.owner.client})` },
                      {
                          title: 'Delivered',
                          right: true,
                          sort: (row) => row.delivered,
                          cell: (row) => format.count(row.delivered),
                      },
                      {
                          title: 'Dropped',
                          right: true,
                          sort: (row) => row.dropped,
                          cell: (row) => format.count(row.dropped),
                      },
                      {
                          title: 'For',
                          right: true,
                          sort: (row) => row.since_ms,
                          cell: (row) => format.millis(row.since_ms),
                      },
                  ],
              })
            : empty('No client has registered one.'),
    );
}

export const clients = { title: 'Clients', needs, draw };
