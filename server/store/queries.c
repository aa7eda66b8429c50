#include "store/queries.h"

const struct query_def store_queries[QUERY_COUNT] = {
#define Q(name, params, columns, sql)  [Q_##name] = {#name, params, columns, sql, false},
#define QS(name, params, columns, sql) [Q_##name] = {#name, params, columns, sql, true},
#include "store/queries.def"
#undef Q
#undef QS
};
