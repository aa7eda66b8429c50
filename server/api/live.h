/* live — what consoles hear while it happens: submission.moved {id, state, version}, batch.changed {id} and
 * lease.lost {claim_id}.
 *
 * The store says only which rows changed; a thread of its own reads what became of them, at most every LIVE_PAUSE_MS,
 * and broadcasts to those who may see them. Counts are the event stream's own business (http/server.h: snapshot). When
 * more than LIVE_IDS_MAX change at once, the rest is not told one by one: consoles get counts and read their lists. */
#ifndef XY_API_LIVE_H
#define XY_API_LIVE_H

#include "http/server.h"
#include "store/store.h"

#define LIVE_IDS_MAX  256
#define LIVE_PAUSE_MS 200

struct live;

struct live *live_start(struct server *server, struct store *store); /* after server_start; never NULL */
void live_stop(struct live *live); /* before server_stop; joins the thread; NULL is fine */
void live_free(struct live *live); /* after store_close: until then the writer may announce; NULL is fine */
void live_announce(struct live *live, const struct store_change *changes, size_t count); /* any thread; does not wait */

#endif
