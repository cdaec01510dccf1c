#include "test/storage/killed_mover.hpp"

#include "actors/core/ports.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/log.hpp"
#include "main/storage/position_page.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

namespace container_agent::test {

using storage::cursor;
using storage::log;
using storage::position_page;

namespace {

void hand_over(int socket, int description, std::uint64_t begins) {
  iovec data{&begins, sizeof(begins)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  auto* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(control), &description, sizeof(int));
  if (::sendmsg(socket, &message, 0) < 0)
    ::_exit(2);
}

// Strikes what is to be struck among the whole lines from `from` on, as the
// conversation does before it lets them go.
void strike_lines(log& lines, std::uint64_t from) {
  auto text = text_in(lines, from, lines.line_start());
  for (std::string_view rest = text; !rest.empty();) {
    auto size = rest.find('\n') + 1;
    std::uint64_t number = 0;
    auto parsed = std::from_chars(rest.data(), rest.data() + size, number);
    if (parsed.ec == std::errc{} && is_struck(number))
      lines.strike(from, from + size);
    rest.remove_prefix(size);
    from += size;
  }
}

} // namespace

std::string line_text(std::uint64_t number) {
  auto text = std::to_string(number);
  if (number % 997 == 0)
    text += ' ' + std::string(number % 9001, 'x');
  return text + '\n';
}

bool is_struck(std::uint64_t number) {
  return number % 101 == 3 || number % 1000 < 20;
}

std::string record_text(std::size_t size) {
  return record_mark + std::string(size, 'r') + "#\n";
}

[[noreturn]] void feed(int pipe, const shared_memory& shared) {
  std::uint64_t next = 0;
  while (!shared->stop) {
    std::string text;
    while (text.size() < 64 * 1024)
      text += line_text(next++);
    for (std::string_view rest = text; !rest.empty();) {
      auto count = ::write(pipe, rest.data(), rest.size());
      if (count < 0)
        ::_exit(1);
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  shared->lines = next;
  ::_exit(0);
}

void take_over(int socket, held_place& place) {
  for (;;) {
    std::uint64_t begins = 0;
    iovec data{&begins, sizeof(begins)};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    if (::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
      return;
    int description = -1;
    std::memcpy(&description, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    place = {runtime::unique_fd{description}, begins};
  }
}

[[noreturn]] void move(const move_setup& setup, held_place place,
                       std::uint32_t seed) {
  std::minstd_rand random{seed};
  position_page page{setup.directory + "/positions"};
  log lines{
    {.directory = setup.directory, .name = "lines", .segment = segment_size}};
  auto who = position_page::reader::host;
  auto reader
    = place.description
        ? cursor{lines, std::move(place.description), place.begins}
        : cursor{lines, setup.copies_descriptions ? 0 : page.get(who)};
  if (setup.copies_descriptions)
    reader.on_description([&](int description, std::uint64_t begins) {
      hand_over(setup.socket, description, begins);
    });
  reader.on_position([&](std::uint64_t offset) { page.set(who, offset); });
  auto seen = lines.line_start_before(reader.position(), lines.begin());
  for (;;) {
    if (setup.strikes)
      strike_lines(lines, seen);
    seen = lines.line_start();
    reader.move_to(setup.out.writer.get(), seen);
    lines.release(reader.position());
    if (setup.appends && random() % 4 == 0)
      lines.append(record_text(random() % 6000));
    // As the agent: the log is not read into without a limit.
    auto has_room = lines.end() - reader.position() < most_unread;
    if (has_room && lines.take_from(setup.in.reader.get(), read_size) > 0)
      continue;
    std::array<pollfd, 2> ready{
      {{has_room ? setup.in.reader.get() : -1, POLLIN, 0},
       {reader.position() < seen ? setup.out.writer.get() : -1, POLLOUT, 0}}};
    ::poll(ready.data(), ready.size(), -1);
  }
}

} // namespace container_agent::test
