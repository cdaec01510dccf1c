#include "main/shim/shim_message.hpp"

#include "main/loop/system_call.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <type_traits>
#include <utility>

namespace container_agent::runtime {

namespace {

static_assert(std::is_trivially_copyable_v<shim_message>);

constexpr auto room_for_files = CMSG_SPACE(held_count * sizeof(int));

struct envelope {
  iovec data;
  alignas(cmsghdr) std::array<char, room_for_files> files{};
  msghdr header{};

  explicit envelope(shim_message& message) : data{&message, sizeof message} {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = files.data();
    header.msg_controllen = files.size();
  }
  envelope(const envelope&) = delete;
  envelope& operator=(const envelope&) = delete;
};

// Takes ownership of all descriptors, however many there are.
std::array<unique_fd, held_count> take_files(msghdr& header) {
  std::array<unique_fd, held_count> result;
  auto* part = CMSG_FIRSTHDR(&header);
  if (part == nullptr || part->cmsg_level != SOL_SOCKET
      || part->cmsg_type != SCM_RIGHTS)
    return result;
  auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count && i < held_count; ++i) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(part) + i * sizeof number, sizeof number);
    result[i].reset(number);
  }
  return result;
}

} // namespace

bool send_message(int socket, shim_message message,
                  const std::array<int, held_count>& files) {
  envelope all{message};
  std::array<int, held_count> numbers{};
  std::size_t count = 0;
  message.files = 0;
  for (std::size_t i = 0; i < held_count; ++i) {
    if (files[i] < 0)
      continue;
    message.files |= 1U << i;
    numbers[count++] = files[i];
  }
  if (count == 0) {
    all.header.msg_control = nullptr;
    all.header.msg_controllen = 0;
  } else {
    auto* part = CMSG_FIRSTHDR(&all.header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(part), numbers.data(), count * sizeof(int));
    all.header.msg_controllen = CMSG_SPACE(count * sizeof(int));
  }
  return without_interruption([&] {
           return ::sendmsg(socket, &all.header, MSG_NOSIGNAL | MSG_DONTWAIT);
         })
         == static_cast<ssize_t>(sizeof message);
}

bool send_message(int socket, const shim_message& message) {
  std::array<int, held_count> none{};
  none.fill(-1);
  return send_message(socket, message, none);
}

bool receive_message(int socket, shim_message& message, held_files& files) {
  envelope all{message};
  auto count = without_interruption(
    [&] { return ::recvmsg(socket, &all.header, MSG_CMSG_CLOEXEC); });
  if (count <= 0) {
    errno = count == 0 ? 0 : errno;
    return false;
  }
  auto came = take_files(all.header);
  if (count >= static_cast<ssize_t>(sizeof message.version)
      && message.version != shim_message::current_version)
    return true;
  if (count != static_cast<ssize_t>(sizeof message)) {
    errno = EPROTO;
    return false;
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < held_count; ++i)
    if ((message.files & (1U << i)) != 0 && next < held_count)
      files[i] = std::move(came[next++]);
  return true;
}

} // namespace container_agent::runtime
