/* geometry — what the landmarks say about a head, and where the frame must lie so that the head is in its windows.
 *
 * Only crop and scale: the standard forbids turning and mirroring, so a tilted head stays tilted and fails its check.
 * Pure numbers, no pixels; any thread. x to the right, y down; "px" are those of the picture the landmarks were found
 * in unless a name says otherwise. */
#ifndef XY_WORKERS_GEOMETRY_H
#define XY_WORKERS_GEOMETRY_H

#include "base/base.h"
#include "base/buf.h"
#include "workers/face.h"
#include "workers/profile.h"
#include "workers/resample.h"

struct head {
    double left_eye_x, left_eye_y, right_eye_x, right_eye_y; /* eye centres; left and right as in the picture */
    double eye_x, eye_y;                                     /* the middle between them */
    double eye_distance_px;                                  /* between the centres */
    double chin_x, chin_y;
    double eye_to_chin_px;
    double face_width_px; /* jaw points 1 and 15: cheek to cheek */
    double centre_x;      /* between the cheeks, drawn half-way to the eyes: a turned head shifts them apart */
    double crown_y;       /* estimated: eye line minus GEOMETRY_CROWN times eye_to_chin_px; see crown_found */
    bool crown_found;     /* crown_y was seen in the pixels against a plain wall (crown.h) */
    double roll_deg;      /* eye line against horizontal; positive: the right end is lower */
    double yaw_deg;       /* turned sideways; ±4°; positive: towards the right edge of the picture */
    double eye_openness;  /* the smaller eye's aspect ratio (EAR) */
    double mouth_gap;     /* inner lip gap / eye_to_chin_px */
};

/* Eyes lie half-way up a head. Seen on portraits: 0.8 (short hair, smiling: the chin drops) to 1.3 (hair tied up), so
 * an estimated crown may be a tenth of the head off. */
#define GEOMETRY_CROWN 1.00

void geometry_head(const struct face_landmarks *landmarks, struct head *out);

/* What the student must do so that the windows can be met; the first that applies, most urgent first. */
enum placement_advice {
    ADVICE_NONE,
    ADVICE_STEP_BACK,     /* chest or hair lie outside of the source */
    ADVICE_ROOM_ABOVE,    /* the picture cuts the hair */
    ADVICE_COME_CLOSER,   /* the face is so small that it must be enlarged */
    ADVICE_HAIR_LOWER,    /* no size satisfies both the crown and the eye or face window */
    ADVICE_OTHER_STANDARD /* the windows contradict each other for this head */
};

/* Bits of placement.unmet. */
enum placement_window {
    WINDOW_CROWN = 1,
    WINDOW_EYES = 2,
    WINDOW_FACE_WIDTH = 4,
    WINDOW_HEAD_HEIGHT = 8,
    WINDOW_CHIN_BELOW = 16
};

struct placement {
    struct resample_area frame; /* what becomes the finished photo, in source pixels; may reach outside */
    double scale;               /* finished pixels per source pixel; > 1: enlarged */
    double missing_left_px, missing_top_px, missing_right_px, missing_bottom_px; /* finished pixels without source */
    unsigned unmet; /* windows that this head cannot meet in this source */
    enum placement_advice advice;
};

/* The best frame for this head: inside the profile's windows, then inside the source, then close to the preferred
 * size and height. Always gives one, and says in `unmet` which windows it had to miss and in `advice` what to do;
 * whether it satisfies is measured on the finished photo afterwards. */
void geometry_place(const struct head *head, int32_t width_px, int32_t height_px, const struct profile *profile,
                    struct placement *out);

/* {"unmet": ["crown",…], "advice", "advice_zh", "advice_en"} as member "placement"; advice texts null when none. */
void geometry_write(struct buf *b, const struct placement *placement);

/* Landmarks and boxes of the source as the finished photo has them. */
void geometry_map(const struct placement *placement, const struct face_landmarks *from, struct face_landmarks *to);
struct face_box geometry_map_box(const struct placement *placement, const struct face_box *box);

/* The same for a placement whose finished photo is `times` as large: the frame a matte works on. */
struct placement geometry_enlarged(const struct placement *placement, double times);

/* The head of the source as the finished photo has it: all points moved, angles and ratios kept. */
void geometry_map_head(const struct placement *placement, const struct head *from, struct head *to);

#endif
