#include "base/code_kind.h"

#include "base/text.h"

/* The first row whose beginning fits, letters of either case. */
static const struct {
    const char *beginning, *looks_like;
} beginnings[] = {
    {"wxp://", "wechat_pay"},
    {"https://wx.tenpay.com", "wechat_pay"},
    {"https://payapp.weixin.qq.com", "wechat_pay"},
    {"weixin://wxpay", "wechat_pay"},
    {"weixin://", "wechat"},
    {"https://weixin.qq.com", "wechat"},
    {"http://weixin.qq.com", "wechat"},
    {"https://u.wechat.com", "wechat"},
    {"https://login.weixin.qq.com", "wechat"},
    {"https://open.weixin.qq.com", "wechat"},
    {"https://mp.weixin.qq.com", "wechat"},
    {"https://qr.alipay.com", "alipay"},
    {"https://mobilecodec.alipay.com", "alipay"},
    {"https://render.alipay.com", "alipay"},
    {"alipays:", "alipay"},
    {"alipayqr:", "alipay"},
    {"https://www.chsi.com.cn", "chsi_url"},
    {"http://www.chsi.com.cn", "chsi_url"},
    {"https://my.chsi.com.cn", "chsi_url"},
    {"https://account.chsi.com.cn", "chsi_url"},
    {"https://t.chsi.com.cn", "chsi_url"},
    {"http://", "url"},
    {"https://", "url"},
    {"ftp://", "url"},
    {"www.", "url"},
    {"begin:vcard", "contact"},
    {"mecard:", "contact"},
    {"wifi:", "wifi"},
    {"tel:", "call"},
    {"sms:", "call"},
    {"smsto:", "call"},
    {"mailto:", "call"},
    {"geo:", "call"},
};

static bool begins(const char *payload, size_t len, const char *beginning)
{
    size_t wanted = strlen(beginning);
    return len >= wanted && strncasecmp(payload, beginning, wanted) == 0;
}

/* Any other scheme://…; a cipher text in base64 has no colon. */
static bool is_address(const char *payload, size_t len)
{
    size_t scheme = 0;
    while (scheme < len && scheme < 20 &&
           ((payload[scheme] >= 'a' && payload[scheme] <= 'z') || (payload[scheme] >= 'A' && payload[scheme] <= 'Z')))
        scheme++;
    return scheme >= 2 && len >= scheme + 3 && memcmp(payload + scheme, "://", 3) == 0;
}

/* Words: UTF-8 with letters beyond ASCII, or blanks between printable ASCII. */
static bool is_words(const char *payload, size_t len)
{
    size_t beyond = 0, blanks = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)payload[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return false;
        beyond += c >= 0x80;
        blanks += c == ' ';
    }
    return (beyond > 0 && text_utf8_valid(payload, len)) || (beyond == 0 && blanks > 0);
}

static bool is_digits(const char *payload, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (payload[i] < '0' || payload[i] > '9')
            return false;
    return len > 0;
}

const char *code_looks_like(const void *payload, size_t len)
{
    const char *text = payload;
    for (size_t i = 0; i < countof(beginnings); i++)
        if (begins(text, len, beginnings[i].beginning))
            return beginnings[i].looks_like;
    if (is_address(text, len))
        return "url";
    if (is_words(text, len))
        return "text";
    if (len < CODE_OPAQUE_BYTES_MIN * 2 && is_digits(text, len))
        return "number";
    return len < CODE_OPAQUE_BYTES_MIN ? "text" : "opaque";
}

/* ---- words ---- */

#define WHERE_ZH "请登录学信网“学信档案→高等教育信息→学籍→查看图像采集码”，长按保存后上传。"
#define WHERE_EN                                                                                                       \
    " Get it on chsi.com.cn (my archive, student status, collection code), save it by long press, send that."

static const struct {
    const char *verdict, *looks_like; /* looks_like NULL: any */
    struct code_words words;
} answers[] = {
    {"ok", NULL, {"采集码已读出。", "The collection code was read."}},
    {"read", NULL, {"采集码已读出。", "The collection code was read."}},
    {"processing", NULL, {"正在读取采集码……", "The collection code is being read."}},
    {"none",
     NULL,
     {"没有读出二维码。请到学信网长按二维码保存原图，不要截图或翻拍，整张码要完整清晰。",
      "No QR code could be read. Save it on chsi.com.cn by long press, no screenshot, the whole code sharp."}},
    {"unreadable",
     NULL,
     {"采集码读不出来。请到学信网长按二维码保存原图，不要截图或翻拍，整张码要完整清晰。",
      "The code cannot be read. Save it on chsi.com.cn by long press, no screenshot, the whole code sharp."}},
    {"many",
     NULL,
     {"图片里有几个二维码，分不清哪个是采集码。请只保存并上传采集码这一个。",
      "There are several codes in the picture. Please send the collection code alone."}},
    {"mismatch",
     NULL,
     {"采集码和登记的身份不一致。请换成本人的采集码；若确为本人的，可继续提交，由老师人工核对。",
      "This code is not of the registered person. Send your own; if it is yours, go on: a person will check it."}},
    {"seen_before",
     NULL,
     {"这个采集码已被另一名学生使用。请换成本人的采集码；若确为本人的，可继续提交，由老师人工核对。",
      "Another student has used this code. Send your own; if it is yours, go on: a person will check it."}},
    {"foreign",
     "wechat",
     {"这是微信的二维码，不是学信网图像采集码。" WHERE_ZH, "This is a WeChat code, not CHSI's." WHERE_EN}},
    {"foreign",
     "wechat_pay",
     {"这是微信收付款码，不是学信网图像采集码。" WHERE_ZH, "This is a WeChat payment code, not CHSI's." WHERE_EN}},
    {"foreign",
     "alipay",
     {"这是支付宝二维码，不是学信网图像采集码。" WHERE_ZH, "This is an Alipay code, not CHSI's." WHERE_EN}},
    {"foreign",
     "chsi_url",
     {"这是学信网网页或报告的二维码，不是图像采集码。" WHERE_ZH,
      "This is a page or report of CHSI, not the collection code." WHERE_EN}},
    {"foreign",
     "url",
     {"这是网址二维码，不是学信网图像采集码。" WHERE_ZH, "This is a web address, not CHSI's code." WHERE_EN}},
    {"foreign",
     "contact",
     {"这是名片二维码，不是学信网图像采集码。" WHERE_ZH, "This is a contact card, not CHSI's code." WHERE_EN}},
    {"foreign",
     "wifi",
     {"这是无线网络二维码，不是学信网图像采集码。" WHERE_ZH, "This is a Wi-Fi code, not CHSI's." WHERE_EN}},
    {"foreign", NULL, {"这不是学信网图像采集码。" WHERE_ZH, "This is not CHSI's collection code." WHERE_EN}},
};

struct code_words code_words(const char *verdict, const char *looks_like)
{
    for (size_t i = 0; i < countof(answers); i++)
        if (text_is(answers[i].verdict, verdict) &&
            (answers[i].looks_like == NULL || text_is(answers[i].looks_like, looks_like)))
            return answers[i].words;
    return (struct code_words){"", ""};
}

/* ---- masks ---- */

/* Bytes of the character at `at`: UTF-8 that was validated before. */
static size_t character(const char *at)
{
    size_t len = 1;
    while ((at[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* Only the last run of stars ever takes more: those before it have what they need, the rest is free. So the time is
 * at most the product of both lengths, whatever the mask. */
static bool fits(const char *mask, const char *plain)
{
    const char *behind_star = NULL, *taken = NULL; /* to go on from: the mask behind the star, what it has taken */
    for (;;) {
        if (*mask == '*') {
            mask += strspn(mask, "*");
            if (*plain == '\0')
                return false; /* a star stands for one character at least */
            plain += character(plain);
            behind_star = mask;
            taken = plain;
        } else if (*mask == *plain) {
            if (*mask == '\0')
                return true;
            mask++;
            plain++;
        } else if (behind_star != NULL && *taken != '\0') {
            taken += character(taken);
            mask = behind_star;
            plain = taken;
        } else {
            return false;
        }
    }
}

#define MASK_BYTES_MAX 256 /* names have 60 characters, numbers 20 */

bool code_mask_fits(const char *mask, const char *plain)
{
    size_t len = strlen(mask);
    if (len == 0 || len > MASK_BYTES_MAX || strspn(mask, "*") == len || !text_utf8_valid(mask, len))
        return false;
    return fits(mask, plain);
}
