#include "tests/bench/face_reference.h"

#include "workers/shim/face_net.hh"

#include <algorithm>
#include <memory>

struct face_reference {
    face_net::network network;
};

face_reference *face_reference_new(const char *network_path)
{
    try {
        auto reference = std::make_unique<face_reference>();
        reference->network.load(network_path);
        return reference.release();
    } catch (const std::exception &) {
        return nullptr;
    }
}

void face_reference_free(face_reference *reference)
{
    delete reference;
}

void face_reference_describe(face_reference *reference, const uint8_t *chip, float *out)
{
    face_net::chip_pixels pixels(face_net::chip_side_px, face_net::chip_side_px);
    std::copy_n(chip, face_net::chip_side_px * face_net::chip_side_px * 3, reinterpret_cast<uint8_t *>(&pixels(0, 0)));
    face_net::numbers numbers = reference->network.describe(pixels);
    std::copy(numbers.begin(), numbers.end(), out);
}
