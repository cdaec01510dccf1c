#include "main/process/attach_policy.hpp"

#include <utility>

namespace container_agent::runtime {

namespace {

using refusal = std::optional<attach_refusal>;

constexpr auto advice_pipes
  = "Start it on FIFOs, such as: claude -p --input-format stream-json "
    "--output-format stream-json --verbose <>in.fifo 1<>out.fifo";

attach_refusal refuse(const claude_candidate& x, std::string reason,
                      std::string detail, std::string advice) {
  attach_refusal result{x.pid, std::move(reason), std::move(detail),
                        std::move(advice)};
  for (const auto& user : x.users)
    result.users.push_back(user.pid);
  return result;
}

std::string named(std::int32_t pid, const std::string& name) {
  return std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

refusal refuse_descriptor(const claude_candidate& x, const std::string& which,
                          const descriptor_info& found) {
  auto is = [&](std::string reason, const std::string& what) {
    return refuse(x, std::move(reason), "its " + which + " is " + what,
                  advice_pipes);
  };
  using enum descriptor_kind;
  switch (found.kind) {
    case pipe:
    case fifo: return std::nullopt;
    case terminal: return is("terminal", "a terminal, " + found.target);
    case socket: return is("socket", "a socket");
    case null: return is("null", "/dev/null");
    case file: return is("file", "a file, " + found.target);
    case closed: return is("closed", "closed");
    case other: return is("no_pipe", "no pipe but " + found.target);
    case unreadable: break;
  }
  return refuse(x, "unreadable",
                "its " + which
                  + " can't be looked at: " + found.error.message(),
                "Run the agent with the same user and the same rights; in a "
                "sandbox that hides processes, use --attach no.");
}

refusal refuse_user(const claude_candidate& x) {
  for (const auto& user : x.users) {
    std::string does = user.reads_output ? "reads its stdout" : "";
    if (user.writes_input)
      does += std::string{does.empty() ? "" : " and "}
              + "has its stdin open for writing";
    return refuse(x, "in_use",
                  "it is in use: process " + named(user.pid, user.name) + ' '
                    + does,
                  "Stop that process, or have it close these ends.");
  }
  return std::nullopt;
}

// The first reason counts, because the user has to remove that one first.
refusal refuse_alone(const claude_candidate& x, std::uint32_t own_user) {
  if (x.agent != 0)
    return refuse(x, "supervised",
                  "the container-agent with pid " + std::to_string(x.agent)
                    + " runs it",
                  "Stop that agent, or use its pipes.");
  if (x.owner != own_user)
    return refuse(x, "other_user",
                  "it belongs to user " + std::to_string(x.owner)
                    + ", the agent is user " + std::to_string(own_user),
                  "Run both as the same user.");
  if (x.kept)
    return refuse(x, "kept", "an agent with --keep-claude has started it",
                  "Start the agent with --keep-claude and the --state-dir of "
                  "that one, or stop that process.");
  if (!x.speaks_protocol)
    return refuse(x, "no_stream_json",
                  "it does not speak stream-json (-p, --input-format "
                  "stream-json, --output-format stream-json)",
                  advice_pipes);
  if (auto why = refuse_descriptor(x, "stdin", x.input))
    return why;
  if (auto why = refuse_descriptor(x, "stdout", x.output))
    return why;
  if (auto why = refuse_user(x))
    return why;
  if (!x.input_has_writer)
    return refuse(x, "stdin_ended",
                  "its stdin has no writer any more, so it is about to end",
                  "Keep a FIFO open for it: start it with <>in.fifo.");
  return std::nullopt;
}

std::string list_of(const std::vector<claude_candidate>& candidates) {
  std::string result;
  for (const auto& x : candidates)
    result += (result.empty() ? "" : ", ") + std::to_string(x.pid);
  return result;
}

} // namespace

attach_policy choose_claude(std::vector<claude_candidate> candidates,
                            std::uint32_t own_user) {
  attach_policy result;
  std::vector<claude_candidate> possible;
  for (auto& x : candidates)
    if (auto why = refuse_alone(x, own_user))
      result.refused.push_back(std::move(*why));
    else
      possible.push_back(std::move(x));
  if (possible.size() == 1) {
    result.attach = std::move(possible.front());
    return result;
  }
  for (const auto& x : possible)
    result.refused.push_back(refuse(
      x, "several",
      "there are several that could be attached to: " + list_of(possible),
      "Name one: --attach PID; or stop the others."));
  return result;
}

attach_refusal no_such_process(std::int32_t pid) {
  return {pid, "no_such_process", "there is no such process",
          "Look for it with: pgrep -a claude"};
}

std::string describe(const attach_refusal& refusal) {
  return "process " + std::to_string(refusal.pid) + ": " + refusal.detail;
}

} // namespace container_agent::runtime
