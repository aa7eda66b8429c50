/* services — the stand-ins behind standin.h, one object each; opened and closed on the stand-ins' loop. */
#ifndef XY_STANDIN_SERVICES_H
#define XY_STANDIN_SERVICES_H

#include "dispatch/client.h"
#include "dispatch/standin/http.h"

struct standin_wechat *standin_wechat_open(uv_loop_t *loop, int *port);
void standin_wechat_close(struct standin_wechat *wechat);

struct standin_pay *standin_pay_open(uv_loop_t *loop, struct client *client, int64_t pause_ms, int *port);
void standin_pay_close(struct standin_pay *pay);

struct standin_chsi *standin_chsi_open(uv_loop_t *loop, int *port);
void standin_chsi_close(struct standin_chsi *chsi);

struct standin_courier *standin_courier_open(uv_loop_t *loop, struct client *client, const char *key, int *port);
void standin_courier_close(struct standin_courier *courier);

struct standin_sms *standin_sms_open(uv_loop_t *loop, const char *key, int *port);
void standin_sms_close(struct standin_sms *sms);

struct standin_real_name *standin_real_name_open(uv_loop_t *loop, const char *key, int *port);
void standin_real_name_close(struct standin_real_name *real_name);

#endif
