#pragma once

#include "actors/ports.hpp"
#include "main/runtime/fd.hpp"
#include "messages/codec/kept_conversation.hpp"

#include <functional>
#include <string>
#include <utility>

namespace container_agent::runtime {

/// The journal of a kept conversation, appended to a file entry by entry. What
/// was written is there for the next agent once write(2) has returned: it
/// survives this process, not the machine (nor does Claude).
///
/// What could not be written, such as on a full disk, is logged once
/// (`journal_not_written`), and comes with the next entry that can, or with
/// `make_good`: the whole file is written anew then.
class journal_file final : public journal {
public:
  /// Takes what an earlier agent has left, and begins a new file with it.
  /// Throws `fifo_error`.
  journal_file(std::string path, event_log& log);

  /// As of now: at the start, what the earlier agent has left.
  const codec::kept_conversation& conversation() const { return now_; }

  /// Writes what could not be written before. Returns why that still can't be.
  std::error_code make_good();

  /// Called with how much of the input was dealt with, once that is noted.
  void on_input(std::function<void(std::uint64_t)> call) {
    on_input_ = std::move(call);
  }

  void accepted(const std::string& uuid, const bytes& line,
                std::uint64_t input) override;
  void sent(const std::string& uuid, std::uint32_t times, bool again) override;
  void continued(const std::string& uuid, const std::string& as) override;
  void begun(const std::string& uuid) override;
  void answering(const std::string& uuid) override;
  void lifecycle() override;
  void launched() override;
  void ready() override;
  void settings(const std::vector<codec::host_setting>& all,
                std::uint64_t input) override;
  void asks(const std::string& request) override;
  void asked(const std::string& request, std::string_view answer,
             std::uint64_t input) override;
  void tasks(const std::vector<std::string>& ids) override;
  void closed(const std::string& uuid, std::uint64_t result_end) override;
  void failed(const std::string& uuid, std::string_view why) override;
  void forgotten(const std::string& uuid) override;
  void session(const std::string& id, bool anew, std::uint32_t failed) override;
  void input_taken(std::uint64_t input) override;

  /// The file is written anew once it has grown by this much.
  static constexpr std::size_t max_growth = 4 * 1024 * 1024;

private:
  void append(const std::string& entry);
  void recovered();
  void tell_input() const;
  std::error_code begin_anew();
  void complain(std::error_code error);

  std::string path_;
  event_log& log_;
  codec::kept_conversation now_;
  std::function<void(std::uint64_t)> on_input_;
  unique_fd file_;
  std::size_t grown_ = 0;
  bool failed_ = false; // the last entry is not there, or half
};

} // namespace container_agent::runtime
