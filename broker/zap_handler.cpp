#include "broker/zap_handler.hpp"

#include <array>
#include <utility>
#include <vector>

#include "net/receive.hpp"
#include "net/sockets.hpp"

namespace baton::internal::broker {
namespace {

// The frames of a request (RFC 27): version, request id, domain, address, identity, mechanism,
// credentials.
enum Frame : std::size_t {
  request_id = 1,
  domain = 2,
  mechanism = 5,
  user = 6,
  password = 7,
  all_frames = 8
};

}  // namespace

ZapHandler::ZapHandler(zmq::context_t& context)
    : socket_(make_socket(context, zmq::socket_type::rep)) {
  socket_.bind("inproc://zeromq.zap.01");
}

std::optional<AuthRequest> ZapHandler::next() {
  std::vector<zmq::message_t> frames;
  for (zmq::message_t frame; receive_frame(socket_, frame);) {
    frames.push_back(std::move(frame));
    if (frames.back().more()) continue;
    const auto text = [&](Frame which) {
      return which < frames.size() ? frames[which].to_string() : std::string();
    };
    AuthRequest request{text(request_id), text(domain), text(user), text(password)};
    if (frames.size() == all_frames && text(mechanism) == "PLAIN") return request;
    answer(request, false);
    frames.clear();
  }
  return std::nullopt;
}

void ZapHandler::answer(const AuthRequest& request, bool admitted) {
  // The answer's frames: version, request id, status code, status text, user id, metadata.
  const std::string status = admitted ? "200" : "400";
  const std::array frames{zmq::str_buffer("1.0"), zmq::buffer(request.request),
                          zmq::buffer(status),    zmq::str_buffer(""),
                          zmq::str_buffer(""),    zmq::str_buffer("")};
  for (std::size_t i = 0; i < frames.size(); ++i)
    send_frame(socket_, frames[i], i + 1 < frames.size());
}

}  // namespace baton::internal::broker
