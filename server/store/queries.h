/* queries — the numbered list of every SQL statement the server runs (queries.def), for TX_RUN and TX_OPEN. */
#ifndef XY_QUERIES_H
#define XY_QUERIES_H

#include "db/db.h"
#include "db/migrate.h"

enum query {
#define Q(name, params, columns, sql)  Q_##name,
#define QS(name, params, columns, sql) Q_##name,
#include "store/queries.def"
#undef Q
#undef QS
    QUERY_COUNT
};

extern const struct query_def store_queries[QUERY_COUNT];

/* The migrations compiled into this program. */
extern const struct migration store_migrations[];
extern const size_t store_migration_count;

#endif
