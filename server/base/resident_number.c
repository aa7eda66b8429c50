#include "base/resident_number.h"

static bool date_exists(const char *digits)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = (digits[4] - '0') * 10 + digits[5] - '0', day = (digits[6] - '0') * 10 + digits[7] - '0';
    for (int i = 0; i < 4; i++)
        year = year * 10 + digits[i] - '0';
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1900 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           !(month == 2 && day == 29 && !leap);
}

/* The sum of digit × 2^(17-i) mod 11 picks the check character. */
char resident_number_check(const char *digits)
{
    static const char check[] = "10X98765432";
    int sum = 0, weight = 1;
    for (int i = RESIDENT_NUMBER_CHARS - 2; i >= 0; i--) {
        weight = weight * 2 % 11;
        sum += (digits[i] - '0') * weight;
    }
    return check[sum % 11];
}

bool resident_number_valid(const char *number)
{
    return strspn(number, "0123456789") >= RESIDENT_NUMBER_CHARS - 1 && strlen(number) == RESIDENT_NUMBER_CHARS &&
           number[RESIDENT_NUMBER_CHARS - 1] == resident_number_check(number) && date_exists(number + 6);
}

void resident_number_birth(const char *number, char birth[11])
{
    snprintf(birth, 11, "%.4s-%.2s-%.2s", number + 6, number + 10, number + 12);
}

bool resident_number_male(const char *number)
{
    return (number[16] - '0') % 2 == 1;
}
