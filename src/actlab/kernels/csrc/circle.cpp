// Sine and cosine of any product of two numbers.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "maths.h"

namespace actlab {
namespace {

using detail::Product;
using detail::Turned;
__extension__ using Wide = unsigned __int128;

// 2 / pi in words of 64 bits behind the binary point.
constexpr std::array<uint64_t, 38> two_over_pi{
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
    0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
    0xa9e391615ee61b08, 0x6599855f14a06840, 0x8dffd8804d732731, 0x06061556ca73a8c9,
    0x60e27bc08c6b47c4, 0x19c367cddce8092a, 0x8359c4768b961ca6, 0xddaf44d15719053e,
    0xa5ff07053f7e33e8, 0x32c2de4f98327dbb, 0xc33d26ef6b1e5ef8, 0x9f3a1f35caf27f1d,
    0x87f121907c7c246a, 0xfa6ed5772d30433b, 0x15c614b59d19c3c2, 0xc4ad414d2c5d000c,
    0x467d862d71e39ac6, 0x9b0062337cd2b497,
};

constexpr int window = 6;  // words of 2 / pi that one angle meets

// The size of a finite number as a whole number below 2^53 times a power of two.
struct Scaled {
  uint64_t digits;
  int exponent;
};
Scaled scaled(double x) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(x), &exponent);
  return {static_cast<uint64_t>(fraction * 0x1p53), exponent - 53};
}

// The words of a number, the lowest first, and one of zeros.
struct Words {
  std::array<uint64_t, window + 3> words{};
  // The 64 bits from `place` on upwards.
  uint64_t at(int place) const {
    const auto word = static_cast<size_t>(place / 64);
    const int shift = place % 64;
    return shift == 0 ? words[word] : words[word] >> shift | words[word + 1] << (64 - shift);
  }
};

// The quarter turns of |rate x| beyond far_angle, and the rest of the angle to 107 digits.
Turned turned_far(double x, double rate) {
  const Scaled left = scaled(x), right = scaled(rate);
  const Wide product = Wide{left.digits} * right.digits;
  const int exponent = left.exponent + right.exponent;
  // Words before the first would add whole turns only; those after the last too little to be seen.
  const int first = exponent < 2 ? 0 : (exponent - 2) / 64;
  Words sum;
  for (int j = 0; j < window; ++j) {
    const uint64_t word = two_over_pi[static_cast<size_t>(first + window - 1 - j)];
    Wide carry = 0;
    for (int half = 0; half < 2; ++half) {
      const uint64_t part = static_cast<uint64_t>(product >> (64 * half));
      uint64_t& place = sum.words[static_cast<size_t>(j + half)];
      carry += Wide{part} * word + place;
      place = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    sum.words[static_cast<size_t>(j + 2)] += static_cast<uint64_t>(carry);
  }
  // Bits behind the binary point; above it are quarter turns.
  const int point = 64 * (first + window) - exponent;
  uint64_t quarters = sum.at(point);
  std::array<uint64_t, 3> rest{sum.at(point - 64), sum.at(point - 128), sum.at(point - 192)};
  const bool over_half = rest[0] >> 63;
  if (over_half) {
    ++quarters;
    rest = {~rest[0], ~rest[1], ~rest[2]};  // 1 - rest but for the last of 192 bits
  }
  // No product comes as near to a multiple of pi / 2 as 2^-120.
  int zeros = std::countl_zero(rest[0]);
  if (zeros == 64) {
    zeros += std::countl_zero(rest[1]);
    rest = {rest[1], rest[2], 0};
  }
  const int shift = zeros % 64;
  const Wide top = Wide{rest[0]} << 64 | rest[1];
  const Wide digits = shift == 0 ? top : top << shift | rest[2] >> (64 - shift);
  // Two doubles of 53 digits each, times pi / 2.
  const double unit = std::ldexp(1.0, -zeros);
  const double high = static_cast<double>(static_cast<uint64_t>(digits >> 75)) * 0x1p-53 * unit;
  const double low = static_cast<double>(static_cast<uint64_t>(digits >> 22) & 0x1fffffffffffff) *
                     0x1p-106 * unit;
  constexpr double pi_high = 0x1.921fb54442d18p+0, pi_low = 0x1.1a62633145c07p-54;
  const double most = high * pi_high;
  const double little = std::fma(high, pi_high, -most) + (high * pi_low + low * pi_high);
  const double value = most + little;
  const double sign = over_half ? -1.0 : 1.0;
  return {sign * value, sign * ((most - value) + little), quarters};
}

double sine_of(double x, double rate, uint64_t quarters) {
  if (!std::isfinite(x)) return std::numeric_limits<double>::quiet_NaN();
  const double rounded = rate * x;
  if (!std::isfinite(rounded)) return quarters == 0 ? 0.0 * x : 1.0;
  if (quarters == 0 && rounded == 0.0) return rounded;
  Turned angle{};
  if (std::fabs(rounded) > detail::far_angle) {
    angle = turned_far(x, rate);
    // A negative angle: sin(-a) = -sin(a), cos(-a) = cos(a).
    if (rounded < 0.0 && quarters == 0) quarters += 2;
  } else {
    angle = detail::turned<false>(detail::product(x, rate));
  }
  angle.quarters += quarters;
  return detail::sine<false>(angle);
}

}  // namespace

double full_sin(double x, double rate) { return sine_of(x, rate, 0); }
double full_cos(double x, double rate) { return sine_of(x, rate, 1); }

}  // namespace actlab
