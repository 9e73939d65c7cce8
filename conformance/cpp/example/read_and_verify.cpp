// Reads a sealed record and a trust file, and says what is sealed and who vouches for it.
#include <iostream>
#include <stdexcept>

#include "mlspec/acceptance.hpp"
#include "mlspec/bytes.hpp"
#include "mlspec/verifier.hpp"

int main(int count, char** arguments) try {
  if (count != 3) throw std::invalid_argument("usage: read_and_verify ENVELOPE TRUST_FILE");
  const auto envelope = mlspec::Envelope::FromJson(mlspec::ReadFile(arguments[1]));
  const auto trust = mlspec::TrustPolicy::FromJson(mlspec::ReadFile(arguments[2]));
  const auto verified = mlspec::Verify(envelope, trust);
  const auto& header = verified.record().header();
  std::cout << "verified: " << mlspec::StageName(header.stage()) << " in "
            << header.namespace_name() << ", signed by " << mlspec::Names(verified.signers())
            << "\nsha256:" << mlspec::Hex(verified.sha256()) << "\n";
} catch (const std::exception& error) {
  std::cerr << "refused: " << error.what() << "\n";
  return 1;
}
