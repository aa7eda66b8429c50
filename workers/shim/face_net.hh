// face_net — dlib's face-recognition network (29 convolutions, 128 outputs), as its author published it: read, written,
// run and looked into by the converter, the reference of the tests and the bare loop of the benchmark.
//
// The network's type is its file format and takes dlib's templates a minute to compile: it lives in face_net.cc alone.
// One network (~30 MB) belongs to one thread at a time. Errors are exceptions of dlib's.
#ifndef XY_SHIM_FACE_NET_HH
#define XY_SHIM_FACE_NET_HH

#include <dlib/dnn.h>

#include <memory>
#include <string>
#include <vector>

namespace face_net {

constexpr long chip_side_px = 150;
constexpr double chip_padding = 0.25;

typedef dlib::matrix<dlib::rgb_pixel> chip_pixels; // 150×150
typedef dlib::matrix<float, 0, 1> numbers;         // 128

// What the network learned, from its output to its input; each convolution has one scale. Lives as long as the network.
struct parameters {
    std::vector<dlib::tensor *> convolutions, matrices;
    std::vector<dlib::affine_ *> scales;
};

class network {
public:
    network();
    ~network();
    network(network &&) noexcept;

    void load(const std::string &path); // a file of another network does not read into this type
    void save(const std::string &path);
    void make_empty(); // allocates every parameter, none with a meaning yet
    parameters look();
    numbers describe(const chip_pixels &chip);

private:
    struct inside;
    std::unique_ptr<inside> own;
};

} // namespace face_net

#endif
