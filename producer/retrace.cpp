#include "producer/retrace.hpp"

namespace baton::internal {

Retrace::Verdict Retrace::next(std::string_view body) {
  if (differs_) return Verdict::differs;
  chain_.add(body);
  if (complete()) return Verdict::fresh;
  const auto& next = before_[met_];
  if (at().items < next.items) return Verdict::in;
  differs_ = at() != next;
  if (!differs_) ++met_;
  return differs_ ? Verdict::differs : Verdict::in;
}

}  // namespace baton::internal
