// Items that the previous broker delivered before they were stored: the producer puts them again,
// and their holders continue with them.
#include <algorithm>
#include <utility>

#include "broker/queues.hpp"

namespace baton::internal::broker {

namespace {

/// Bytes: there may be very many of them.
constexpr std::size_t most_reason_unstored = 256;

/// The same in each broker that the producer's process connects to.
std::uint64_t key_of(const Producer& producer) {
  if (producer.name.empty()) return 0;
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto mix = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3u; };
  for (const auto letter : producer.name) mix(static_cast<unsigned char>(letter));
  if (producer.named)  // another process of the name may put something else under the same number
    for (const auto byte : producer.input.run.bytes) mix(static_cast<unsigned char>(byte));
  hash ^= hash >> 32;
  return std::max<std::uint64_t>(hash, 1);
}

}  // namespace

void Queues::note_key(Producer& producer) {
  producer.key = settings_.durable ? key_of(producer) : 0;
}

void Queues::wait_for_reclaims(bool wait) {
  if (reclaims_ && !wait) end_put_reclaims();
  reclaims_ = wait;
  update_delivering();
}

void Queues::end_put_reclaims() {
  puts_.end([this](const PutName&, PutReclaims::Reclaim& reclaim) {
    for (const auto& before : reclaim.before) confirm_settled(before);
    if (reclaim.settled) return confirm_settled(reclaim);
    if (reclaim.session) tell_lost(*reclaim.session, {reclaim.id, 1});
  });
  restored_numbers_.clear();
  delays_.forget_reclaimable();
}

/// The put is here now, so that settling it can be confirmed.
void Queues::confirm_settled(const PutReclaims::Reclaim& reclaim) {
  if (!reclaim.session || --reclaim.session->consumer.reclaims.unstored_settles > 0) return;
  reclaim.session->consumer.reclaims.unconfirmable = {};
  changed(*reclaim.session);
}

/// Returns false if the session has lost the item.
bool Queues::reclaim_put(Session& session, ItemId id, const PutName& put,
                         std::uint32_t deliveries) {
  if (const auto known = puts_.called(id); books_.items.find(known)) {
    if (reclaim(session, known, deliveries)) return true;
    if (known == id) return false;
  }  // otherwise it was put again, and may be reclaimed under a lower count
  if (!reclaims_ || !session.hello.previous || id >= first_id_)
    return false;  // higher ids are this broker's own
  if (const auto here = puts_.here(put); here != ItemId{})
    return reclaim_here(session, id, here, deliveries);
  if (const auto kept = restored_numbers_.find(put.producer);
      kept != restored_numbers_.end() && put.number <= kept->second)
    return false;  // it was done
  const auto* other = puts_.find(put);
  if (other && (other->deliveries >= deliveries || other->before.size() >= settings_.max_attempts))
    return false;
  if (puts_.size() >= max_put_reclaims) return false;
  std::vector<PutReclaims::Reclaim> before;
  if (other) before = passed_on(*puts_.take(put));
  puts_.add(put, {&session, id, deliveries, std::nullopt, {}, 0, std::move(before)});
  session.consumer.reclaims.puts.push_back(put);
  return true;
}

/// The item was delivered to another session since, by its count. A declared failure counts; any
/// other settling is too late.
std::vector<PutReclaims::Reclaim> Queues::passed_on(PutReclaims::Reclaim reclaim) {
  auto before = std::move(reclaim.before);
  if (reclaim.settled == Settlement::Kind::failed) {
    before.push_back(std::move(reclaim));
  } else {
    if (reclaim.session) tell_lost(*reclaim.session, {reclaim.id, 1});
    confirm_if_settled(reclaim);
  }
  return before;
}

/// Its id is `id` here, and `as` for the client.
bool Queues::reclaim_here(Session& session, ItemId as, ItemId id, std::uint32_t deliveries) {
  auto* item = books_.items.find(id);
  if (!item || !consumes(session, *item) || !reclaim_restored(session, *item, id, deliveries))
    return false;
  puts_.call(as, id);
  return true;
}

/// The put has come again. Returns whether a session holds it from the previous broker; otherwise
/// it waits until the reclaim window is over.
bool Queues::put_again(Producer& producer, QueuedItem& item, ItemId id, SeqNo number, Time now) {
  const PutName put{producer.key, number};
  const auto* reclaimed = puts_.find(put);
  if (reclaimed && !reclaimed->settled && !consumes(*reclaimed->session, item)) {
    tell_lost(*reclaimed->session, {reclaimed->id, 1});
    puts_.give_back(put);
  }
  auto reclaim = puts_.take(put);
  puts_.note(put, id);
  update_delivering();
  if (!reclaim) return false;
  serving_.to_serve(books_.queue_of(item));  // its depth has changed
  books_.redeliveries.restore(id, reclaim->deliveries);
  for (const auto& before : reclaim->before) confirm_settled(before);
  if (reclaim->settled != Settlement::Kind::done) count_failures(item, id, reclaim->before);
  confirm_if_settled(*reclaim);
  if (!reclaim->settled) {
    hold_late(*reclaim->session, item, id);
    puts_.call(reclaim->id, id);
  } else if (*reclaim->settled == Settlement::Kind::done) {
    done(item, id);
  } else {
    reclaim->failure.at = now;
    books_.redeliveries[id].deliveries = reclaim->deliveries + 1;
    failed(item, id, std::move(reclaim->failure), std::chrono::milliseconds(reclaim->delay_ms),
           Told::by_holder);
  }
  return true;
}

void Queues::confirm_if_settled(const PutReclaims::Reclaim& reclaim) {
  if (reclaim.settled) confirm_settled(reclaim);
}

/// It did not come over the session's link, which may be in use already: it counts as delivered
/// before it.
void Queues::hold_late(Session& session, QueuedItem& item, ItemId id) {
  item.place = Place::held;
  item.holder = &session;
  item.delivered = session.consumer.link_base;
  session.consumer.begun = std::max(session.consumer.begun, session.consumer.link_base);
  serving_.takes(session, item);
  session.consumer.delivered.push_front({item.delivered, id});
}

/// Its holder settles a put that is not here yet. Returns false if it holds no such put.
bool Queues::settle_put(Session& session, const Settlement& settlement) {
  PutName put;
  auto* reclaim = puts_.find(settlement.id, put);
  if (!reclaim || reclaim->session != &session || reclaim->settled) return false;
  if (settlement.kind == Settlement::Kind::released) {
    puts_.give_back(put);
    return true;
  }
  reclaim->settled = settlement.kind;
  if (settlement.kind == Settlement::Kind::failed)
    reclaim->failure = {
        session.display_name(), std::string(cut_utf8(settlement.reason, most_reason_unstored)), {}};
  reclaim->delay_ms = settlement.delay_ms;
  ++session.consumer.reclaims.unstored_settles;
  return true;
}

void Queues::give_put_reclaims_back(Session& session) {
  for (const auto& put : session.consumer.reclaims.puts)
    if (const auto* reclaim = puts_.find(put);
        reclaim && reclaim->session == &session && !reclaim->settled)
      puts_.give_back(put);
}

/// The session is over. What it has settled stays settled.
void Queues::forget_put_reclaims(Session& session) {
  give_put_reclaims_back(session);
  for (const auto& put : std::exchange(session.consumer.reclaims.puts, {})) {
    auto* reclaim = puts_.find(put);
    if (!reclaim) continue;
    if (reclaim->session == &session) reclaim->session = nullptr;
    for (auto& before : reclaim->before)
      if (before.session == &session) before.session = nullptr;
  }
}

}  // namespace baton::internal::broker
