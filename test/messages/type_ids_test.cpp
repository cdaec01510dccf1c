#include "messages/type_ids.hpp"

#include "test/support/actor_fixture.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

namespace container_agent::test {

namespace {

template <class... Ts>
struct type_list {};

using all_payloads = type_list<
#define CONTAINER_AGENT_LIST(type) type,
  CONTAINER_AGENT_MESSAGE_TYPES(CONTAINER_AGENT_LIST)
#undef CONTAINER_AGENT_LIST
    void>;

template <class T, class List>
struct is_listed;

template <class T, class... Ts>
struct is_listed<T, type_list<Ts...>>
  : std::disjunction<std::is_same<T, Ts>...> {};

// Every type that stands in an interface, as message or as answer.
template <class Signature>
struct is_registered;

template <class... In, class... Out>
struct is_registered<
  caf::typed_mpi<caf::detail::type_list<In...>, caf::output_tuple<Out...>>>
  : std::conjunction<is_listed<In, all_payloads>...,
                     is_listed<Out, all_payloads>...> {};

template <class Signatures>
struct all_registered;

template <class... Signatures>
struct all_registered<caf::detail::type_list<Signatures...>>
  : std::conjunction<is_registered<Signatures>...> {};

template <class Handle>
constexpr bool knows_all = all_registered<typename Handle::signatures>::value;

// What an unlisted type would look like to the check above.
struct stranger {};
static_assert(!is_listed<stranger, all_payloads>::value);

class type_ids : public actor_fixture {
public:
  /// The name under which a message's type was registered.
  template <class T>
  std::string name_of() const {
    auto name = config.type_names_by_rtti.find(typeid(T));
    return name == config.type_names_by_rtti.end() ? std::string{}
                                                   : name->second;
  }
};

} // namespace

TEST_F(type_ids, every_message_of_every_actor_is_listed) {
  for_each_actor(peers, [](const std::string& name, const auto& handle) {
    EXPECT_TRUE(knows_all<std::decay_t<decltype(handle)>>) << name;
  });
}

TEST_F(type_ids, every_payload_is_registered_under_its_name) {
#define CONTAINER_AGENT_CHECK(type)                                            \
  EXPECT_EQ(name_of<type>(), "::container_agent::" #type);
  CONTAINER_AGENT_MESSAGE_TYPES(CONTAINER_AGENT_CHECK)
#undef CONTAINER_AGENT_CHECK
}

TEST_F(type_ids, every_payload_prints_with_its_name) {
#define CONTAINER_AGENT_CHECK(type)                                            \
  EXPECT_NE(caf::to_string(caf::make_message(type{})).find(#type),             \
            std::string::npos);
  CONTAINER_AGENT_MESSAGE_TYPES(CONTAINER_AGENT_CHECK)
#undef CONTAINER_AGENT_CHECK
}

TEST_F(type_ids, members_print_behind_the_name) {
  auto text = caf::to_string(caf::make_message(child_ended{7, 0, 1001, 0, 9}));
  EXPECT_NE(text.find("1001"), std::string::npos) << text;
  EXPECT_NE(text.find("9"), std::string::npos) << text;
}

// What a request of Claude's is about may be secret.
TEST_F(type_ids, what_a_request_is_about_does_not_print) {
  conversation_status status;
  status.requests.push_back({"q1", "can_use_tool", "Bash", "sk-secret", {}});
  auto text = caf::to_string(caf::make_message(status));
  EXPECT_NE(text.find("can_use_tool"), std::string::npos) << text;
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

} // namespace container_agent::test
