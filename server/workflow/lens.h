/* lens — which side of the phone a camera looks from, by what the page or the mini program says of it.
 *
 * "lens" of an upload is the camera's own name ("camera2 0, facing back", "Front Camera", "后置相机"), begun with front
 * or back where the program knows better. It is a claim: a page that was tampered with can say anything, so a photo
 * whose lens is not named is looked at by people. Pure; any thread. */
#ifndef XY_LENS_H
#define XY_LENS_H

/* "front", "back", or "" where the name does not tell. A name that says both is a front camera. */
const char *lens_side(const char *lens);

#endif
