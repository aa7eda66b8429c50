/* links: xy_base */
#include "base/document.c"

#include "tests/check.h"

TEST(numbers_have_the_form_of_their_document)
{
    static const struct {
        const char *type, *number, *out; /* NULL: refused */
    } cases[] = {
        {"resident", "11010519491231002X", "11010519491231002X"},
        {"resident", "440524188001010014", NULL}, /* 1880: before all who live */
        {"resident", "110101199003076658", NULL},
        {"resident", "11010119900307665", NULL},
        {"resident", "110105491231002", "11010519491231002X"}, /* an old card's */
        {"resident", "110105491331002", NULL},
        {"resident", "H12345678", NULL},
        {"residence_permit", "11010519491231002X", NULL},
        {"hk_macau_permit", "H12345678", "H12345678"},
        {"hk_macau_permit", "M1234567800", "M1234567800"},
        {"hk_macau_permit", "A12345678", NULL},
        {"hk_macau_permit", "H1234567", NULL},
        {"taiwan_permit", "12345678", "12345678"},
        {"taiwan_permit", "1234567890A", "1234567890A"},
        {"taiwan_permit", "1234567890", "1234567890"},
        {"taiwan_permit", "1234567", NULL},
        {"foreigner_permit", "USA123456789012", "USA123456789012"},
        {"foreigner_permit", "US1123456789012", NULL},
        {"passport", "E12345678", "E12345678"},
        {"passport", "E123", NULL},
        {"passport", "123456789012345678901", NULL},
        {"library_card", "E12345678", NULL},
        {"", "", NULL},
    };
    char out[DOCUMENT_NUMBER_BYTES];
    for (size_t i = 0; i < countof(cases); i++) {
        bool good = document_number(cases[i].type, cases[i].number, out);
        if (good != (cases[i].out != NULL))
            TEST_FAIL("%s %s: %d", cases[i].type, cases[i].number, good);
        if (good)
            EQ_TEXT(cases[i].out, out);
    }
}

/* Every digit of a right number changed to every other one: the check character sees it, or the date does. */
TEST(one_wrong_digit_is_always_seen)
{
    char number[] = "11010119900307665X", out[DOCUMENT_NUMBER_BYTES];
    const char *digits = "0123456789X";
    for (const char *c = digits; *c != '\0'; c++) {
        number[17] = *c;
        if (document_number("resident", number, out))
            break;
    }
    TRUE(document_number("resident", number, out));
    for (size_t at = 0; at < 17; at++) {
        char right = number[at];
        for (char wrong = '0'; wrong <= '9'; wrong++) {
            number[at] = wrong;
            EQ_INT(wrong == right, document_number("resident", number, out));
        }
        number[at] = right;
    }
}

TEST(areas_only_warn)
{
    TRUE(document_area_known("resident", "110105"));
    TRUE(document_area_known("residence_permit", "810000"));
    TRUE(!document_area_known("resident", "990105"));
    TRUE(!document_area_known("resident", "1"));
    TRUE(!document_area_known("resident", ""));
    TRUE(document_area_known("passport", "990105"));
}

int main(void)
{
    return tests_run();
}
