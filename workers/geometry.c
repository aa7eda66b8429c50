#include "workers/geometry.h"

#include "base/json.h"

#include <float.h>
#include <math.h>

#define DEGREES (180.0 / 3.14159265358979323846)

/* ---- what the landmarks say ---- */

static struct face_point middle(const struct face_landmarks *marks, int first, int last)
{
    struct face_point sum = {0, 0};
    for (int i = first; i <= last; i++) {
        sum.x_px += marks->points[i].x_px;
        sum.y_px += marks->points[i].y_px;
    }
    float n = (float)(last - first + 1);
    return (struct face_point){sum.x_px / n, sum.y_px / n};
}

static double apart(const struct face_landmarks *marks, int a, int b)
{
    return hypot((double)(marks->points[a].x_px - marks->points[b].x_px),
                 (double)(marks->points[a].y_px - marks->points[b].y_px));
}

/* Lid gaps over eye length; six points from one corner round to the lower lid. */
static double eye_ratio(const struct face_landmarks *marks, int first)
{
    double length = apart(marks, first, first + 3);
    double gaps = apart(marks, first + 1, first + 5) + apart(marks, first + 2, first + 4);
    return length > 0 ? gaps / (2 * length) : 0;
}

/* Inner lips, three gaps averaged. */
static double lip_gap_px(const struct face_landmarks *marks)
{
    return (apart(marks, 61, 67) + apart(marks, 62, 66) + apart(marks, 63, 65)) / 3;
}

/* Turn of the head from a generic skull: a least-squares affine camera (2×3) over a handful of rigid points; its first
 * row points along the image's x axis, and the depth in it is the turn. Unit: any; x to the right of the picture, y
 * down, z towards the viewer. */
static const struct {
    int mark;
    double x, y, z;
} skull[] = {
    {36, -44, -33, -26}, {45, 44, -33, -26}, {39, -17, -32, -21}, {42, 17, -32, -21}, {27, 0, -34, -8},
    {30, 0, 0, 14},      {33, 0, 9, 0},      {48, -27, 30, -17},  {54, 27, 30, -17},  {8, 0, 66, -14},
    {1, -70, -15, -88},  {15, 70, -15, -88}, {4, -58, 36, -70},   {12, 58, 36, -70},
};

/* Solves the symmetric 4×4 system a·x = b by elimination; false when it is degenerate. */
static bool solve4(double a[4][4], double b[4])
{
    for (int i = 0; i < 4; i++) {
        if (fabs(a[i][i]) < 1e-9)
            return false;
        for (int row = 0; row < 4; row++) {
            if (row == i)
                continue;
            double factor = a[row][i] / a[i][i];
            for (int column = i; column < 4; column++)
                a[row][column] -= factor * a[i][column];
            b[row] -= factor * b[i];
        }
    }
    for (int i = 0; i < 4; i++)
        b[i] /= a[i][i];
    return true;
}

/* One row of the camera: along (dx, dy) of the picture. */
static bool camera_row(const struct face_landmarks *marks, double dx, double dy, double row[4])
{
    double normal[4][4] = {{0}};
    memset(row, 0, 4 * sizeof *row);
    for (size_t i = 0; i < countof(skull); i++) {
        const double point[4] = {skull[i].x, skull[i].y, skull[i].z, 1};
        const struct face_point *seen = &marks->points[skull[i].mark];
        for (int r = 0; r < 4; r++) {
            for (int c = 0; c < 4; c++)
                normal[r][c] += point[r] * point[c];
            row[r] += point[r] * ((double)seen->x_px * dx + (double)seen->y_px * dy);
        }
    }
    return solve4(normal, row);
}

static double yaw_of(const struct face_landmarks *marks, double roll_deg)
{
    double row[4], angle = roll_deg / DEGREES;
    if (!camera_row(marks, cos(angle), sin(angle), row))
        return 0;
    return atan2(row[2], row[0]) * DEGREES;
}

void geometry_head(const struct face_landmarks *marks, struct head *out)
{
    struct face_point left = middle(marks, 36, 41), right = middle(marks, 42, 47), chin = marks->points[8];
    double cheeks_x = (double)(marks->points[1].x_px + marks->points[15].x_px) / 2;
    *out = (struct head){.left_eye_x = (double)left.x_px,
                         .left_eye_y = (double)left.y_px,
                         .right_eye_x = (double)right.x_px,
                         .right_eye_y = (double)right.y_px,
                         .chin_x = (double)chin.x_px,
                         .chin_y = (double)chin.y_px};
    out->eye_x = (out->left_eye_x + out->right_eye_x) / 2;
    out->eye_y = (out->left_eye_y + out->right_eye_y) / 2;
    out->eye_distance_px = hypot(out->right_eye_x - out->left_eye_x, out->right_eye_y - out->left_eye_y);
    out->eye_to_chin_px = hypot(out->chin_x - out->eye_x, out->chin_y - out->eye_y);
    out->face_width_px = apart(marks, 1, 15);
    out->centre_x = (cheeks_x + out->eye_x) / 2;
    out->crown_y = out->eye_y - GEOMETRY_CROWN * out->eye_to_chin_px;
    out->roll_deg = atan2(out->right_eye_y - out->left_eye_y, out->right_eye_x - out->left_eye_x) * DEGREES;
    out->yaw_deg = yaw_of(marks, out->roll_deg);
    out->eye_openness = fmin(eye_ratio(marks, 36), eye_ratio(marks, 42));
    out->mouth_gap = out->eye_to_chin_px > 0 ? lip_gap_px(marks) / out->eye_to_chin_px : 0;
}

/* ---- where the frame goes ---- */

/* Kept free at each end of a window: landmarks on the finished photo move by a pixel or two. */
#define WINDOW_MARGIN_PX 3
/* Preferred place inside the windows, as shares: face rather small (shoulders show), eyes just below the middle. With
 * the 99号 windows that is 200 px wide at 255 px, which put 17 of 18 measured portraits inside every window. */
#define PREFER_SIZE   0.167
#define PREFER_HEIGHT 0.55
/* More enlarging than this shows: the source has too few pixels for the face. */
#define SCALE_MAX 1.25
/* Room above the hair of less than this share of the head means that the picture cuts it. */
#define HAIR_CUT_SHARE 0.01

/* What is searched: how large (face or head, pixels of the finished photo) and how high (eyes or crown). */
struct search {
    const struct head *head;
    const struct profile *profile;
    int32_t width_px, height_px; /* of the source */
    struct range size, height;
    bool by_face, by_eyes;
    double eyes_to_crown, crown_to_chin; /* source pixels */
};

struct attempt {
    double size, height; /* as search.size and search.height */
    double scale, eyes_px;
    struct placement placed;
};

static double beyond(double value, struct range window, double margin)
{
    if (!range_is_set(window))
        return 0;
    double low = (double)window.min + margin, high = (double)window.max - margin;
    return value < low ? low - value : value > high ? value - high : 0;
}

static double at_share(struct range window, double share)
{
    return (double)window.min + share * (double)(window.max - window.min);
}

static double above_zero(double value)
{
    return value > 0 ? value : 0;
}

static void search_begin(const struct head *head, int32_t width_px, int32_t height_px, const struct profile *profile,
                         struct search *out)
{
    *out = (struct search){.head = head, .profile = profile, .width_px = width_px, .height_px = height_px};
    out->by_face = range_is_set(profile->face_width_px);
    out->by_eyes = range_is_set(profile->eyes_px);
    out->size = out->by_face ? profile->face_width_px : profile->head_height_px;
    out->height = out->by_eyes ? profile->eyes_px : profile->crown_px;
    out->eyes_to_crown = head->eye_y - head->crown_y;
    out->crown_to_chin = head->chin_y - head->crown_y;
}

static void place(const struct search *search, double size, double height, struct attempt *out)
{
    const struct head *head = search->head;
    double scale = size / (search->by_face ? head->face_width_px : search->crown_to_chin);
    double eyes_px = search->by_eyes ? height : height + search->eyes_to_crown * scale;
    struct resample_area frame = {.width_px = (double)search->profile->width_px / scale,
                                  .height_px = (double)search->profile->height_px / scale};
    frame.x_px = head->centre_x - frame.width_px / 2;
    frame.y_px = head->eye_y - eyes_px / scale;
    struct placement placed = {.frame = frame, .scale = scale};
    placed.missing_left_px = above_zero(-frame.x_px) * scale;
    placed.missing_top_px = above_zero(-frame.y_px) * scale;
    placed.missing_right_px = above_zero(frame.x_px + frame.width_px - search->width_px) * scale;
    placed.missing_bottom_px = above_zero(frame.y_px + frame.height_px - search->height_px) * scale;
    *out = (struct attempt){size, height, scale, eyes_px, placed};
}

/* How far each window is missed, in the order of enum placement_window. */
static void misses(const struct search *search, const struct attempt *tried, double margin, double out[5])
{
    const struct profile *p = search->profile;
    double chin_px = tried->eyes_px + (search->head->chin_y - search->head->eye_y) * tried->scale;
    out[0] = beyond(tried->eyes_px - search->eyes_to_crown * tried->scale, p->crown_px, margin);
    out[1] = beyond(tried->eyes_px, p->eyes_px, margin);
    out[2] = beyond(search->head->face_width_px * tried->scale, p->face_width_px, margin);
    out[3] = beyond(search->crown_to_chin * tried->scale, p->head_height_px, margin);
    out[4] = beyond((double)p->height_px - chin_px, p->chin_below_px, margin);
}

/* What is worse costs more: a window missed, then chest or hair that is not in the source (cannot be made up), then
 * wall that is not (the background is replaced), then distance from the preferred place. */
static double cost_of(const struct search *search, const struct attempt *tried)
{
    const struct placement *placed = &tried->placed;
    double missed[5], sum = 0;
    misses(search, tried, WINDOW_MARGIN_PX, missed);
    for (size_t i = 0; i < countof(missed); i++)
        sum += missed[i];
    return 200 * sum + 20 * placed->missing_bottom_px + 8 * placed->missing_top_px +
           2 * (placed->missing_left_px + placed->missing_right_px) +
           fabs(tried->size - at_share(search->size, PREFER_SIZE)) +
           fabs(tried->height - at_share(search->height, PREFER_HEIGHT));
}

static unsigned unmet_of(const struct search *search, const struct attempt *tried)
{
    double missed[5];
    unsigned bits = 0;
    misses(search, tried, 0, missed);
    for (size_t i = 0; i < countof(missed); i++)
        bits |= missed[i] > 0.5 ? 1U << i : 0;
    return bits;
}

static enum placement_advice advice_for(const struct search *search, const struct placement *placed)
{
    if (search->head->crown_y <= HAIR_CUT_SHARE * search->crown_to_chin)
        return ADVICE_ROOM_ABOVE;
    if (placed->missing_bottom_px >= 1)
        return ADVICE_STEP_BACK;
    if (placed->scale > SCALE_MAX)
        return ADVICE_COME_CLOSER;
    if (placed->unmet & WINDOW_CROWN)
        return ADVICE_HAIR_LOWER;
    return placed->unmet != 0 ? ADVICE_OTHER_STANDARD : ADVICE_NONE;
}

void geometry_place(const struct head *head, int32_t width_px, int32_t height_px, const struct profile *profile,
                    struct placement *out)
{
    struct search search;
    struct attempt tried, best = {0};
    double best_cost = DBL_MAX;
    search_begin(head, width_px, height_px, profile, &search);
    for (int64_t size = search.size.min; size <= search.size.max; size++)
        for (int64_t height = search.height.min; height <= search.height.max; height++) {
            place(&search, (double)size, (double)height, &tried);
            double cost = cost_of(&search, &tried);
            if (cost < best_cost) {
                best_cost = cost;
                best = tried;
            }
        }
    *out = best.placed;
    out->unmet = unmet_of(&search, &best);
    out->advice = advice_for(&search, out);
}

void geometry_write(struct buf *b, const struct placement *placement)
{
    static const char *const windows[] = {"crown", "eye_line", "face_width", "head_height", "chin_below"};
    static const struct {
        const char *name, *zh, *en;
    } advice[] = {
        [ADVICE_NONE] = {"none", NULL, NULL},
        [ADVICE_STEP_BACK] = {"step_back", "请离镜头远一些，把肩膀和上胸拍进画面。",
                              "Step back until shoulders and upper chest are in the picture."},
        [ADVICE_ROOM_ABOVE] = {"room_above", "头顶被画面裁掉了，请在头顶上方留出墙面。",
                               "The picture cuts the hair; leave wall above the head."},
        [ADVICE_COME_CLOSER] = {"come_closer", "人像太小，请走近一些或用原图上传。",
                                "The face is too small; come closer or send the original file."},
        [ADVICE_HAIR_LOWER] = {"hair_lower", "头发太高，放不进规定的位置，请把头发放低后重拍。",
                               "The hair is too high for the required position; wear it lower."},
        [ADVICE_OTHER_STANDARD] = {"other_standard", "此照片无法满足该规格的全部位置要求，请重拍或请人工处理。",
                                   "This photo cannot meet all windows of the standard; take another one."},
    };
    json_name(b, "placement");
    json_object_open(b);
    json_name(b, "unmet");
    json_array_open(b);
    for (size_t i = 0; i < countof(windows); i++)
        if (placement->unmet & 1U << i)
            json_text(b, windows[i]);
    json_array_close(b);
    json_put_text(b, "advice", advice[placement->advice].name);
    json_put_text(b, "advice_zh", advice[placement->advice].zh);
    json_put_text(b, "advice_en", advice[placement->advice].en);
    json_object_close(b);
}

struct placement geometry_enlarged(const struct placement *placement, double times)
{
    struct placement out = *placement;
    out.scale *= times;
    out.missing_left_px *= times;
    out.missing_top_px *= times;
    out.missing_right_px *= times;
    out.missing_bottom_px *= times;
    return out;
}

void geometry_map_head(const struct placement *placement, const struct head *from, struct head *to)
{
    double scale = placement->scale, x = placement->frame.x_px, y = placement->frame.y_px;
    *to = *from;
    double *const across[] = {&to->left_eye_x, &to->right_eye_x, &to->eye_x, &to->chin_x, &to->centre_x};
    double *const down[] = {&to->left_eye_y, &to->right_eye_y, &to->eye_y, &to->chin_y, &to->crown_y};
    double *const lengths[] = {&to->eye_distance_px, &to->eye_to_chin_px, &to->face_width_px};
    for (size_t i = 0; i < countof(across); i++)
        *across[i] = (*across[i] - x) * scale;
    for (size_t i = 0; i < countof(down); i++)
        *down[i] = (*down[i] - y) * scale;
    for (size_t i = 0; i < countof(lengths); i++)
        *lengths[i] *= scale;
}

void geometry_map(const struct placement *placement, const struct face_landmarks *from, struct face_landmarks *to)
{
    for (int i = 0; i < FACE_LANDMARKS; i++) {
        double x = ((double)from->points[i].x_px - placement->frame.x_px) * placement->scale;
        double y = ((double)from->points[i].y_px - placement->frame.y_px) * placement->scale;
        to->points[i] = (struct face_point){(float)x, (float)y};
    }
}

struct face_box geometry_map_box(const struct placement *placement, const struct face_box *box)
{
    double scale = placement->scale;
    return (struct face_box){(int32_t)lround((box->x_px - placement->frame.x_px) * scale),
                             (int32_t)lround((box->y_px - placement->frame.y_px) * scale),
                             (int32_t)lround(box->width_px * scale), (int32_t)lround(box->height_px * scale),
                             box->score};
}
