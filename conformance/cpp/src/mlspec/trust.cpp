#include "mlspec/trust.hpp"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "mlspec/bytes.hpp"
#include "mlspec/errors.hpp"
#include "mlspec/json_document.hpp"
#include "mlspec/text.hpp"

namespace mlspec {
namespace {

using google::protobuf::util::TimeUtil;

/// Tells whether `name` is as `glob` says, in which `*` stands for any characters.
bool Matches(std::string_view glob, std::string_view name) {
  std::size_t star = glob.find('*');
  if (star == std::string_view::npos) return glob == name;
  if (!name.starts_with(glob.substr(0, star))) return false;
  name.remove_prefix(star);
  glob.remove_prefix(star + 1);
  // The earliest place for each part between two stars leaves most room for the rest.
  while ((star = glob.find('*')) != std::string_view::npos) {
    const std::size_t found = name.find(glob.substr(0, star));
    if (found == std::string_view::npos) return false;
    name.remove_prefix(found + star);
    glob.remove_prefix(star + 1);
  }
  return name.ends_with(glob);
}

}  // namespace

bool TrustedKey::CountsAt(const google::protobuf::Timestamp& moment) const {
  return !(entry.has_revoke_time() && moment >= entry.revoke_time()) &&
         !(entry.has_valid_from_time() && moment < entry.valid_from_time()) &&
         !(entry.has_valid_until_time() && moment >= entry.valid_until_time());
}

TrustPolicy TrustPolicy::FromJson(std::string_view text) {
  RequireSize(text, kMaxMessageBytes);
  // Protobuf's reader takes a key twice, a comma too many and more: these do not.
  RequireOneSpelling(ParseJson(text));
  v1::TrustPolicy policy;
  const auto status = google::protobuf::util::JsonStringToMessage(
      {text.data(), text.size()}, &policy, google::protobuf::util::JsonParseOptions());
  if (!status.ok()) {
    throw InputError("trust.syntax", "", "must be a trust file (" + status.ToString() + ")");
  }
  return TrustPolicy(std::move(policy));
}

TrustPolicy::TrustPolicy(v1::TrustPolicy message) : message_(std::move(message)) {
  if (!message_.has_expire_time()) {
    throw InputError("trust.expire_time", "trust.expire_time", "must be there");
  }
  for (const v1::TrustedKey& entry : message_.keys()) AddKey(entry);
  for (const v1::TrustRole& role : message_.roles()) RequireReachable(role);
}

void TrustPolicy::AddKey(const v1::TrustedKey& entry) {
  PublicKey key = PublicKey::FromPem(entry.public_key());
  if (key.algorithm() != entry.algorithm()) {
    throw InputError("trust.algorithm", "trust.keys.algorithm", "must be that of the key");
  }
  if (key.keyid() != entry.keyid()) {
    throw InputError("trust.keyid", "trust.keys.keyid",
                     "must be " + key.keyid() + ", as the key says");
  }
  if (!keys_.try_emplace(entry.keyid(), TrustedKey{std::move(key), entry}).second) {
    throw InputError("trust.keys", "trust.keys", "must have each key once");
  }
}

void TrustPolicy::RequireReachable(const v1::TrustRole& role) const {
  const std::set<std::string> keyids(role.keyids().begin(), role.keyids().end());
  const bool known = std::ranges::all_of(
      keyids, [this](const std::string& keyid) { return keys_.contains(keyid); });
  if (!known) throw InputError("trust.roles", "trust.roles.keyids", "must stand in keys");
  const auto reachable = static_cast<int>(Identities(keyids).size());
  if (role.threshold() < 1 || role.threshold() > reachable) {
    throw InputError(
        "trust.threshold", "trust.roles.threshold",
        "must be from 1 to the number of distinct identities, " + std::to_string(reachable));
  }
}

void TrustPolicy::RequireUsable() const {
  if (TimeUtil::GetCurrentTime() >= message_.expire_time()) {
    throw Refusal(Outcome::kUntrusted, "trust.expired", "trust.expire_time",
                  "must not have expired");
  }
}

std::set<std::string> TrustPolicy::Identities(const std::set<std::string>& keyids) const {
  std::set<std::string> identities;
  for (const std::string& keyid : keyids) {
    identities.insert(CaseFolded(Nfkc(keys_.at(keyid).entry.identity())));
  }
  return identities;
}

bool Covers(const v1::TrustRole& role, v1::Stage stage, std::string_view namespace_name) {
  return std::ranges::find(role.stages(), stage) != role.stages().end() &&
         std::ranges::any_of(role.namespace_globs(), [&](const std::string& glob) {
           return Matches(glob, namespace_name);
         });
}

}  // namespace mlspec
