#include "broker/dead_notices.hpp"

#include <utility>

#include "proto/entry.hpp"

namespace baton::internal::broker {
namespace {

/// A producer may have this many notices even if others use more than their half: baton-producer
/// prints no more names.
constexpr std::uint64_t first_few = 20;

}  // namespace

bool DeadNotices::may_tell(const Producer& producer) const {
  const auto waiting = producer.outcomes.unconfirmed();
  if (producer.name.empty() || waiting >= settings_.max_notices) return false;
  if (producer.session) return bytes_ < settings_.notice_bytes || !away_.empty();
  return waiting < first_few || bytes_ < settings_.notice_bytes / 2;
}

void DeadNotices::tell(Producer& producer, EntryKind kind, std::string_view notice) {
  append_block(producer.outcomes.block_for(notice.size()), kind, notice);
  producer.outcomes.appended(notice.size());
  bytes_ += notice.size();
  if (!producer.session && producer.away == 0) goes(producer);
  make_room();
}

void DeadNotices::make_room() {
  while (bytes_ > settings_.notice_bytes && !away_.empty()) {
    auto& producer = *away_.begin()->second;
    only_counted_ += producer.outcomes.unconfirmed();
    heard(producer, producer.outcomes.last(), Time{});
    comes(producer);  // nothing waits for it
    producer.outcomes.release_spare();
  }
}

void DeadNotices::heard(Producer& producer, SeqNo number, Time now) {
  bytes_ -= producer.outcomes.unconfirmed_bytes();
  producer.outcomes.confirm(number, now);
  bytes_ += producer.outcomes.unconfirmed_bytes();
}

void DeadNotices::comes(Producer& producer) { away_.erase(std::exchange(producer.away, 0)); }

void DeadNotices::goes(Producer& producer) {
  comes(producer);
  producer.outcomes.release_spare();
  if (!producer.outcomes.idle()) away_[producer.away = ++went_] = &producer;
}

void DeadNotices::forget(Producer& producer) {
  bytes_ -= producer.outcomes.unconfirmed_bytes();
  comes(producer);
}

}  // namespace baton::internal::broker
