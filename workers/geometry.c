#include "workers/geometry.h"

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
#define PREFER_FACE 0.167
#define PREFER_EYES 0.55

static double beyond(double value, struct range window)
{
    double low = (double)window.min + WINDOW_MARGIN_PX, high = (double)window.max - WINDOW_MARGIN_PX;
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

static void place(const struct head *head, int32_t width_px, int32_t height_px, const struct profile *profile,
                  double face_px, double eyes_px, struct placement *out)
{
    double scale = face_px / head->face_width_px;
    struct resample_area frame = {.width_px = (double)profile->width_px / scale,
                                  .height_px = (double)profile->height_px / scale};
    frame.x_px = head->centre_x - frame.width_px / 2;
    frame.y_px = head->eye_y - eyes_px / scale;
    *out = (struct placement){.frame = frame, .scale = scale};
    out->missing_left_px = above_zero(-frame.x_px) * scale;
    out->missing_top_px = above_zero(-frame.y_px) * scale;
    out->missing_right_px = above_zero(frame.x_px + frame.width_px - width_px) * scale;
    out->missing_bottom_px = above_zero(frame.y_px + frame.height_px - height_px) * scale;
}

/* What is worse costs more: a window missed, then chest or hair that is not in the source (cannot be made up), then
 * wall that is not (a plain one can be continued), then distance from the preferred place. */
static double cost_of(const struct head *head, const struct profile *profile, double face_px, double eyes_px,
                      const struct placement *placed)
{
    double crown_px = eyes_px - (head->eye_y - head->crown_y) * placed->scale;
    return 200 * beyond(crown_px, profile->crown_px) + 20 * placed->missing_bottom_px + 8 * placed->missing_top_px +
           6 * (placed->missing_left_px + placed->missing_right_px) +
           fabs(face_px - at_share(profile->face_width_px, PREFER_FACE)) +
           fabs(eyes_px - at_share(profile->eyes_px, PREFER_EYES));
}

void geometry_place(const struct head *head, int32_t width_px, int32_t height_px, const struct profile *profile,
                    struct placement *out)
{
    double best = DBL_MAX;
    for (int64_t face = profile->face_width_px.min + WINDOW_MARGIN_PX;
         face <= profile->face_width_px.max - WINDOW_MARGIN_PX; face++) {
        for (int64_t eyes = profile->eyes_px.min + WINDOW_MARGIN_PX; eyes <= profile->eyes_px.max - WINDOW_MARGIN_PX;
             eyes++) {
            struct placement tried;
            place(head, width_px, height_px, profile, (double)face, (double)eyes, &tried);
            double cost = cost_of(head, profile, (double)face, (double)eyes, &tried);
            if (cost < best) {
                best = cost;
                *out = tried;
            }
        }
    }
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
