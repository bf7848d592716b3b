#include "broker/memory_storage.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "proto/bytes.hpp"

namespace baton::internal::broker {

/// Returns the existing page, if any.
MemoryStorage::Page& MemoryStorage::make_page(std::uint64_t number) {
  if (pages_.empty()) first_page_ = number;
  assert(number >= first_page_);
  while (number >= first_page_ + pages_.size()) pages_.emplace_back();
  auto& page = pages_[number - first_page_];
  if (page) return *page;
  if (spare_.empty()) {
    page = std::make_unique<Page>();
  } else {
    page = std::move(spare_.back());
    spare_.pop_back();
  }
  count(*page, 0);
  return *page;
}

void MemoryStorage::put(const StoredItem& item, const Names& /*names*/, std::string_view body) {
  auto& page = page_of(item.id);
  const auto slot = item.id.value % page_items;
  ++page.live;
  if (body.size() > large) {
    page.size[slot] = apart;
    large_.emplace(item.id.value, body);
    return;
  }
  const auto capacity = page.bytes.capacity();
  page.begin[slot] = static_cast<std::uint32_t>(page.bytes.size());
  page.size[slot] = static_cast<std::uint32_t>(body.size());
  page.bytes += body;
  page.live_bytes += page.size[slot];
  live_bytes_ += page.size[slot];
  count(page, capacity);
}

std::string_view MemoryStorage::body(ItemId id) {
  const auto& page = page_of(id);
  const auto slot = id.value % page_items;
  if (page.size[slot] == apart) return large_.at(id.value);
  return std::string_view(page.bytes).substr(page.begin[slot], page.size[slot]);
}

namespace {

/// Each failure: time, two lengths, two texts.
std::string pack_history(const std::vector<FailureRecord>& history) {
  std::string packed;
  for (const auto& failure : history) {
    append(packed, static_cast<std::uint64_t>(failure.at.time_since_epoch().count()));
    append(packed, static_cast<std::uint32_t>(failure.consumer.size()));
    append(packed, static_cast<std::uint32_t>(failure.why.size()));
    packed += failure.consumer;
    packed += failure.why;
  }
  packed.shrink_to_fit();
  return packed;
}

std::vector<FailureRecord> unpack_history(std::string_view packed) {
  std::vector<FailureRecord> history;
  for (Reader in(packed); !in.rest().empty();) {
    const Time at(Time::duration(static_cast<Time::rep>(in.take<std::uint64_t>())));
    const auto consumer = in.take<std::uint32_t>(), why = in.take<std::uint32_t>();
    auto& failure = history.emplace_back();
    failure.at = at;
    failure.consumer = in.take(consumer);
    failure.why = in.take(why);
  }
  return history;
}

}  // namespace

void MemoryStorage::update(const StoredItem& item, const std::vector<FailureRecord>& all) {
  forget_history(item.id);
  if (all.empty()) return;
  auto history = all;
  keep_last(history, history_bytes_ < most_histories ? most_history : short_history);
  auto packed = pack_history(history);
  history_bytes_ += packed.size();
  histories_.emplace(item.id.value, std::move(packed));
}

std::vector<FailureRecord> MemoryStorage::history(ItemId id) {
  const auto found = histories_.find(id.value);
  return found == histories_.end() ? std::vector<FailureRecord>{} : unpack_history(found->second);
}

void MemoryStorage::forget_history(ItemId id) {
  const auto found = histories_.find(id.value);
  if (found == histories_.end()) return;
  history_bytes_ -= found->second.size();
  histories_.erase(found);
}

void MemoryStorage::erase(ItemId id) {
  if (!histories_.empty()) forget_history(id);
  auto& page = page_of(id);
  auto& size = page.size[id.value % page_items];
  if (size == apart) {
    large_.erase(id.value);
  } else {
    page.live_bytes -= size;
    live_bytes_ -= size;
  }
  size = 0;
  if (--page.live == 0) free_page(id.value / page_items);
  if (is_worth_packing()) pack_some();
}

/// The page being filled may become empty many times: it is simply filled again.
void MemoryStorage::free_page(std::uint64_t number) {
  recent_.forget(number);
  auto& page = pages_[number - first_page_];
  bytes_ -= page->bytes.capacity();
  page->bytes.clear();
  if (spare_.size() < 64) spare_.push_back(std::move(page));
  page.reset();
  while (!pages_.empty() && !pages_.front()) {
    pages_.pop_front();
    ++first_page_;
  }
}

/// Examines a few pages with each erased body, so that no call takes long. A page is packed once
/// for each three quarters erased.
void MemoryStorage::pack_some() {
  for (auto looks = std::min<std::size_t>(8, pages_.size()); looks > 0 && is_worth_packing();
       --looks) {
    auto& page = pages_[next_look_++ % pages_.size()];
    if (page && page->bytes.capacity() > worth_packing &&
        page->live_bytes < page->bytes.capacity() / 4)
      pack(*page);
  }
}

/// Moves the live bodies together, and frees the rest.
void MemoryStorage::pack(Page& page) {
  std::string packed;
  packed.reserve(page.live_bytes);
  for (std::size_t slot = 0; slot < page_items; ++slot) {
    const auto begin = std::exchange(page.begin[slot], static_cast<std::uint32_t>(packed.size()));
    if (page.size[slot] > 0 && page.size[slot] != apart)
      packed.append(page.bytes, begin, page.size[slot]);
  }
  const auto capacity = page.bytes.capacity();
  page.bytes.swap(packed);  // moving a short string would leave the other one its memory
  count(page, capacity);
}

}  // namespace baton::internal::broker
