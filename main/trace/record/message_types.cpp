#include "main/trace/record/message_types.hpp"

#include "messages/type_ids.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <caf/actor_system.hpp>
#include <caf/type_erased_tuple.hpp>
#include <caf/uniform_type_info_map.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <typeinfo>

namespace container_agent::runtime {

namespace {

/// Whether a text member is an id or one of our own names, and no words.
bool is_harmless(std::string_view names, std::size_t member) {
  for (; member > 0; --member)
    names.remove_prefix(std::min(names.find(',') + 1, names.size()));
  names.remove_prefix(std::min(names.find('.') + 1, names.size()));
  auto name = names.substr(0, names.find(','));
  return name == "name" || name == "session_id" || name == "uuid";
}

/// Goes through the members as CAF's inspectors do. Ends at the first member
/// of a kind that it does not know.
class summary_collector {
public:
  using result_type = void;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;

  explicit summary_collector(message_summary& out) : out_{out} {}

  template <class... Members>
  void operator()(const caf::meta::type_name_t&, Members&&... members) {
    (void)(... && add(members));
  }

private:
  template <class Member>
  bool add(const Member& member) {
    if (out_.size == message_summary::max_values)
      return false;
    if constexpr (std::is_integral_v<Member>)
      return put(static_cast<std::int64_t>(member));
    else if constexpr (std::is_enum_v<Member>)
      return put(static_cast<std::int64_t>(member));
    else if constexpr (std::is_same_v<Member, std::chrono::milliseconds>)
      return put(member.count());
    else if constexpr (std::is_same_v<Member, std::string>)
      return put_text(member);
    else
      return false;
  }

  bool put(std::int64_t value) {
    out_.values[out_.size++] = value;
    return true;
  }

  bool put_size(std::size_t size) {
    out_.sizes = static_cast<std::uint8_t>(out_.sizes | 1U << out_.size);
    return put(static_cast<std::int64_t>(size));
  }

  bool put_text(const std::string& text) {
    if (out_.text_size == 0 && text.size() <= message_summary::max_text
        && is_harmless(out_.member_names, out_.size)) {
      out_.text_member = out_.size;
      out_.text_size = static_cast<std::uint8_t>(text.size());
      std::memcpy(out_.text.data(), text.data(), text.size());
    }
    return put_size(text.size());
  }

  message_summary& out_;
};

template <class Message>
void summarise(const caf::type_erased_tuple& content, message_summary& out) {
  out.member_names = Message::member_names;
  summary_collector collect{out};
  // inspect() takes what it could change; a collector only reads.
  inspect(collect, const_cast<Message&>(content.get_as<Message>(0)));
}

template <class Message>
trace_id prompt_of(const caf::type_erased_tuple& content) {
  return content.get_as<Message>(0).prompt;
}

constexpr unsigned bit(trace_port port) {
  return 1U << static_cast<unsigned>(port);
}

// 0 is for messages without content.
std::size_t next_number() {
  static std::size_t last = 0;
  return ++last;
}

template <class Message>
message_type describe(const char* name) {
  message_type result{name, &summarise<Message>};
  result.number = next_number();
  if constexpr (requires(Message m) { m.prompt; })
    result.prompt = &prompt_of<Message>;
  if constexpr (std::is_same_v<Message, input_arrived>)
    result.woken_by = bit(trace_port::host_input);
  if constexpr (std::is_same_v<Message, output_moved>)
    result.woken_by = bit(trace_port::host_output);
  if constexpr (std::is_same_v<Message, child_changed>)
    result.woken_by = bit(trace_port::claude_stdout)
                      | bit(trace_port::claude_stderr)
                      | bit(trace_port::claude_stdin);
  if constexpr (std::is_same_v<Message, control_requested>)
    result.woken_by = bit(trace_port::control);
  result.is_new = std::is_same_v<Message, input_grew>;
  result.tells_claude = std::is_same_v<Message, child_input_grew>;
  result.from_claude
    = std::is_same_v<
        Message, child_output_grew> || std::is_same_v<Message, child_changed>;
  return result;
}

using own_types
  = boost::unordered_flat_map<const std::type_info*, message_type>;

const own_types& own() {
  static const own_types types{
#define CONTAINER_AGENT_DESCRIBE(type) {&typeid(type), describe<type>(#type)},
    CONTAINER_AGENT_MESSAGE_TYPES(CONTAINER_AGENT_DESCRIBE)
#undef CONTAINER_AGENT_DESCRIBE
  };
  return types;
}

/// CAF's own: messages about ends and errors. Few, and named by CAF.
const message_type&
foreign(std::pair<std::uint16_t, const std::type_info*> type,
        const caf::actor_system& system) {
  struct named {
    std::string name;
    message_type type;
  };
  static std::map<std::pair<std::uint16_t, const std::type_info*>, named> known;
  auto& entry = known[type];
  if (entry.name.empty()) {
    entry.name = system.types().portable_name(type);
    entry.type.number = next_number();
    // CAF puts an @ before the names of its own.
    entry.type.name
      = entry.name.c_str() + (entry.name.starts_with('@') ? 1 : 0);
  }
  return entry.type;
}

} // namespace

const message_type& type_of(const caf::type_erased_tuple& content,
                            const caf::actor_system& system) {
  static const message_type empty{"unit"};
  if (content.size() == 0)
    return empty;
  auto type = content.type(0);
  if (type.second != nullptr)
    if (auto i = own().find(type.second); i != own().end())
      return i->second;
  return foreign(type, system);
}

} // namespace container_agent::runtime
