/* wechat_page — log-in with the service account, for a browser inside WeChat: its page gives a code, the code gives the
 * openid at that account. Only snsapi_base: nothing is asked of the user, no name and no picture come. */
#ifndef XY_WECHAT_PAGE_H
#define XY_WECHAT_PAGE_H

#include "dispatch/wechat.h"

/* Where the browser is sent: WeChat's page, which comes back to `back` with code and state. `host` is
 * "https://open.weixin.qq.com", or the stand-in's. In arena. Pure. */
const char *wechat_page_url(const struct wechat_config *account, const char *host, const char *back, const char *state,
                            struct arena *arena);

/* sns/oauth2/access_token; waits, so only on a lane thread. Errors as wechat_login_blocking. */
enum err wechat_page_login_blocking(const struct wechat_config *account, const char *code, struct arena *arena,
                                    struct wechat_identity *identity, char why[WECHAT_WHY_BYTES]);

#endif
