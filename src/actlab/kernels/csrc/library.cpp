// The operators: tensors in, tensors out, through torch's stable ABI. The only unit that knows
// torch.
//
// Operators register for dense CPU tensors. Python decides when to call them and checks what users
// pass; the checks here only keep a wrong call from reading what is not there.
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <vector>

#include "engine.h"

namespace actlab {

using torch::stable::Tensor;

void in_parallel(
    int64_t count, int64_t grain, void (*body)(int64_t, int64_t, void*), void* context) {
  STABLE_TORCH_ERROR_CODE_CHECK(torch_parallel_for(0, count, grain, body, context));
}

namespace {

inline constexpr int most_numbers = 3;  // parameters that the quick operators take

Storage storage_of(int32_t dtype) {
  if (dtype == aoti_torch_dtype_float32()) return Storage::float32;
  if (dtype == aoti_torch_dtype_bfloat16()) return Storage::bfloat16;
  if (dtype == aoti_torch_dtype_float16()) return Storage::float16;
  STD_TORCH_CHECK(dtype == aoti_torch_dtype_float64(), "actlab: a kernel met an unknown dtype");
  return Storage::float64;
}

Storage storage_of(const Tensor& x) {
  int32_t dtype = 0;
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_dtype(x.get(), &dtype));
  return storage_of(dtype);
}

const Function& function_of(int64_t number) {
  STD_TORCH_CHECK(number >= 0 && number < function_count, "actlab: there is no function ", number);
  return *functions[number];
}

// The dimensions of more than one element, from outermost to innermost in memory; empty and not
// dense when elements overlap or leave gaps.
struct Order {
  std::vector<int64_t> dims;
  bool dense = true;

  explicit Order(const Tensor& x) {
    const auto sizes = x.sizes(), strides = x.strides();
    for (int64_t d = 0; d < x.dim(); ++d) {
      if (sizes[d] != 1) dims.push_back(d);
    }
    std::stable_sort(dims.begin(), dims.end(),
                     [&](int64_t a, int64_t b) { return strides[a] > strides[b]; });
    int64_t expected = 1;
    for (auto d = dims.rbegin(); d != dims.rend(); ++d) {
      dense = dense && strides[*d] == expected;
      expected *= sizes[*d];
    }
  }
};

// The tensor itself when it is dense, else a dense copy in the order that empty_like would take.
Tensor dense(const Tensor& x) {
  if (x.is_contiguous() || Order(x).dense) return x;
  return torch::stable::clone(x);
}

Tensor empty_beside(const Tensor& x, const Tensor& like) {
  AtenTensorHandle handle;
  int32_t dtype;
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_dtype(x.get(), &dtype));
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_empty_strided(
      like.dim(), like.sizes().data(), like.strides().data(), dtype, aoti_torch_device_type_cpu(),
      0, &handle));
  return Tensor(handle);
}

// One value for all elements, as an expanded tensor has.
bool is_one_value(const Tensor& g) {
  if (g.numel() == 0) return false;
  for (int64_t d = 0; d < g.dim(); ++d) {
    if (g.sizes()[d] != 1 && g.strides()[d] != 0) return false;
  }
  return true;
}

bool same_order(const Tensor& x, const Tensor& y) {
  for (int64_t d = 0; d < x.dim(); ++d) {
    if (x.sizes()[d] != 1 && x.strides()[d] != y.strides()[d]) return false;
  }
  return true;
}

// The cotangent in the order of the saved tensor.
Tensor aligned(const Tensor& cotangent, const Tensor& saved) {
  STD_TORCH_CHECK(cotangent.dim() == saved.dim() &&
                      std::equal(saved.sizes().begin(), saved.sizes().end(),
                                 cotangent.sizes().begin()) &&
                      cotangent.scalar_type() == saved.scalar_type(),
                  "actlab: the cotangent differs from the saved tensor in shape or dtype");
  if (is_one_value(cotangent) || same_order(cotangent, saved)) return cotangent;
  Tensor copy = empty_beside(saved, saved);
  torch::stable::copy_(copy, cotangent);
  return copy;
}

View shared_view(const Tensor& x) { return {1, 1, x.numel()}; }

// The channels of x; `channel_dim` counts from 0.
View channel_view(const Tensor& x, const Order& order, int64_t channel_dim) {
  STD_TORCH_CHECK(channel_dim >= 0 && channel_dim < x.dim(), "actlab: there is no such dimension");
  if (x.sizes()[channel_dim] == 1) return shared_view(x);
  View view{1, x.sizes()[channel_dim], 1};
  bool before = true;
  for (const int64_t d : order.dims) {
    if (d == channel_dim) before = false;
    else (before ? view.outer : view.inner) *= x.sizes()[d];
  }
  return view;
}

// Whether memory holds the elements of each channel in their logical order.
bool logical(const Order& order, int64_t channel_dim) {
  int64_t last = -1;
  for (const int64_t d : order.dims) {
    if (d == channel_dim) continue;
    if (d < last) return false;
    last = d;
  }
  return true;
}

void check_forms(const Function& f, bool from_output, int64_t wanted) {
  STD_TORCH_CHECK(!from_output || f.slope_from_output.general,
                  "actlab: ", f.name, " has no slope from its output");
  const Form* partials = from_output ? f.partials_from_output : f.partials;
  for (int p = 0; p < f.parameters; ++p) {
    STD_TORCH_CHECK(!(wanted >> p & 1) || partials[p].general,
                    "actlab: ", f.name, " has no such parameter gradient from its output");
  }
}

struct Numbers {
  double values[most_numbers];
};

Tensor forward_shared(const Tensor& x, int64_t function, const Numbers& numbers) {
  if (x.numel() == 0) return torch::stable::empty_like(x);
  const Tensor in = dense(x);
  const Tensor y = empty_beside(in, in);
  const Call call{&function_of(function), storage_of(in), shared_view(in), numbers.values};
  forward(call, in.const_data_ptr(), y.mutable_data_ptr());
  return y;
}

struct Delete {
  void operator()(AtenTensorHandle handle) const { aoti_torch_delete_tensor_object(handle); }
};
using Handle = std::unique_ptr<AtenTensorOpaque, Delete>;

// A contiguous tensor's value by handles alone: small tensors feel every reference counted.
Handle forward_contiguous(AtenTensorHandle x, int64_t function, const Numbers& numbers) {
  int64_t dims = 0, count = 0, *sizes = nullptr, *strides = nullptr;
  int32_t dtype = 0;
  const void* in = nullptr;  // a pointer to write through would copy what other tensors share
  void* out = nullptr;
  AtenTensorHandle handle = nullptr;
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_dim(x, &dims));
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_numel(x, &count));
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_sizes(x, &sizes));
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_strides(x, &strides));
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_dtype(x, &dtype));
  const Storage storage = storage_of(dtype);
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_empty_strided(
      dims, sizes, strides, dtype, aoti_torch_device_type_cpu(), 0, &handle));
  Handle y(handle);
  STABLE_TORCH_ERROR_CODE_CHECK(torch_get_const_data_ptr(x, &in));
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_get_data_ptr(handle, &out));
  forward({&function_of(function), storage, {1, 1, count}, numbers.values}, in, out);
  return y;
}

void forward_boxed(StableIValue* stack, uint64_t, uint64_t) {
  using torch::stable::detail::to;
  const auto function = to<int64_t>(stack[1]);
  const Numbers numbers{{to<double>(stack[2]), to<double>(stack[3]), to<double>(stack[4])}};
  Handle x(to<AtenTensorHandle>(stack[0]));
  bool contiguous = false;
  STABLE_TORCH_ERROR_CODE_CHECK(aoti_torch_is_contiguous(x.get(), &contiguous));
  if (contiguous) {
    AtenTensorHandle y = forward_contiguous(x.get(), function, numbers).release();
    stack[0] = torch::stable::detail::from(y);
  } else {
    stack[0] = torch::stable::detail::from(
        forward_shared(Tensor(x.release()), function, numbers));
  }
}

Tensor backward_shared(const Tensor& saved, const Tensor& cotangent, int64_t function,
                       bool from_output, const Numbers& numbers) {
  check_forms(function_of(function), from_output, 0);
  if (saved.numel() == 0) return torch::stable::empty_like(saved);
  const Tensor in = dense(saved);
  const Tensor g = aligned(cotangent, in);
  const Tensor grad = empty_beside(in, in);
  const Call call{&function_of(function), storage_of(in), shared_view(in), numbers.values};
  backward(call, from_output, in.const_data_ptr(), g.const_data_ptr(), is_one_value(g),
           grad.mutable_data_ptr(), nullptr);
  return grad;
}

void backward_boxed(StableIValue* stack, uint64_t, uint64_t) {
  using torch::stable::detail::from;
  using torch::stable::detail::to;
  const Tensor saved = to<Tensor>(stack[0]), cotangent = to<Tensor>(stack[1]);
  const Numbers numbers{{to<double>(stack[4]), to<double>(stack[5]), to<double>(stack[6])}};
  stack[0] = from(backward_shared(
      saved, cotangent, to<int64_t>(stack[2]), to<bool>(stack[3]), numbers));
}

// `parameters` is a (channels, parameters) tensor of doubles; one row when they are shared.
Call call_with(const Tensor& x, const Order& order, const Function& function,
               const Tensor& parameters, int64_t channel_dim) {
  const int64_t rows = parameters.sizes()[0];
  STD_TORCH_CHECK(parameters.dim() == 2 && parameters.is_contiguous() &&
                      parameters.scalar_type() == torch::headeronly::ScalarType::Double &&
                      parameters.sizes()[1] == function.parameters,
                  "actlab: parameters do not fit the function");
  const View view = rows == 1 ? shared_view(x) : channel_view(x, order, channel_dim);
  STD_TORCH_CHECK(rows == 1 || view.channels == rows,
                  "actlab: parameters do not fit the channels");
  return {&function, storage_of(x), view,
          static_cast<const double*>(parameters.const_data_ptr())};
}

Tensor forward_channels(Tensor x, int64_t function, Tensor parameters, int64_t channel_dim) {
  if (x.numel() == 0) return torch::stable::empty_like(x);
  const Tensor in = dense(x);
  const Tensor y = empty_beside(in, in);
  const Call call = call_with(in, Order(in), function_of(function), parameters, channel_dim);
  forward(call, in.const_data_ptr(), y.mutable_data_ptr());
  return y;
}

// The input's gradient (empty when not wanted), and a (parameters, channels) tensor of sums in
// which the rows that are not wanted are 0. `wanted` has a bit for each parameter.
std::tuple<Tensor, Tensor> backward_channels(
    Tensor saved, Tensor cotangent, int64_t function, bool from_output, Tensor parameters,
    int64_t channel_dim, bool wants_x, int64_t wanted) {
  using torch::headeronly::ScalarType;
  const Function& f = function_of(function);
  check_forms(f, from_output, wanted);
  const int64_t rows = parameters.sizes()[0];
  Tensor sums = torch::stable::new_zeros(saved, {f.parameters, rows}, ScalarType::Double);
  Tensor grad = torch::stable::empty_like(saved);
  if (saved.numel() == 0) return {grad, sums};
  Tensor in = dense(saved);
  Order order(in);
  // Sums follow the logical order, which shared parameters see across all dimensions.
  if (wanted && !logical(order, rows == 1 ? -1 : channel_dim)) {
    in = torch::stable::contiguous(in);
    order = Order(in);
  }
  const Tensor g = aligned(cotangent, in);
  const bool in_place = same_order(grad, in);
  Tensor out = in_place ? grad : empty_beside(in, in);
  std::vector<double*> targets(static_cast<size_t>(f.parameters), nullptr);
  auto* first = static_cast<double*>(sums.mutable_data_ptr());
  for (int p = 0; p < f.parameters; ++p) {
    if (wanted >> p & 1) targets[p] = first + p * rows;
  }
  const Call call = call_with(in, order, f, parameters, channel_dim);
  backward(call, from_output, in.const_data_ptr(), g.const_data_ptr(), is_one_value(g),
           wants_x ? out.mutable_data_ptr() : nullptr, wanted ? targets.data() : nullptr);
  if (wants_x && !in_place) torch::stable::copy_(grad, out);
  return {grad, sums};
}

using torch::stable::detail::StableLibrary;

// Registered under a name that is known only when the library is built, so without the macros.
struct Registration {
  StableLibrary definitions{StableLibrary::Kind::DEF, operator_namespace, nullptr, __FILE__,
                            __LINE__};
  StableLibrary kernels{StableLibrary::Kind::IMPL, operator_namespace, "CPU", __FILE__, __LINE__};

  Registration() {
    definitions.def("forward(Tensor x, int function, float a=0, float b=0, float c=0) -> Tensor");
    definitions.def(
        "backward(Tensor saved, Tensor cotangent, int function, bool from_output, float a=0, "
        "float b=0, float c=0) -> Tensor");
    definitions.def(
        "forward_channels(Tensor x, int function, Tensor parameters, int channel_dim) -> Tensor");
    definitions.def(
        "backward_channels(Tensor saved, Tensor cotangent, int function, bool from_output, "
        "Tensor parameters, int channel_dim, bool wants_x, int wanted) -> (Tensor, Tensor)");
    kernels.impl("forward", &forward_boxed);
    kernels.impl("backward", &backward_boxed);
    kernels.impl("forward_channels", TORCH_BOX(&forward_channels));
    kernels.impl("backward_channels", TORCH_BOX(&backward_channels));
  }
};

const Registration registration;

}  // namespace
}  // namespace actlab
