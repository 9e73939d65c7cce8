#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "mlspec/v1/trusted_key.pb.h"

namespace mlspec {

/// A key that signatures are checked with: Ed25519, or ECDSA P-256 with SHA-256.
class PublicKey {
 public:
  /// Reads a SubjectPublicKeyInfo in PEM. Throws InputError.
  static PublicKey FromPem(std::string_view pem);

  /// Takes a key of OpenSSL's. Throws InputError for other kinds and curves.
  explicit PublicKey(std::shared_ptr<EVP_PKEY> key);

  /// The one algorithm that it is good for.
  v1::KeyAlgorithm algorithm() const { return algorithm_; }

  /// Lower-case hex SHA-256 of its DER SubjectPublicKeyInfo.
  const std::string& keyid() const { return keyid_; }

  /// Tells whether this key made `signature` over `data`.
  bool Fits(std::string_view signature, std::string_view data) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  v1::KeyAlgorithm algorithm_;
  std::string keyid_;
};

/// A key that signs.
class PrivateKey {
 public:
  /// Reads an unencrypted PKCS#8 in PEM. Throws InputError.
  static PrivateKey FromPem(std::string_view pem);

  /// The key that its signatures are checked with.
  const PublicKey& public_key() const { return public_key_; }

  /// Returns the signature over `data`: 64 bytes for Ed25519, DER for ECDSA.
  std::string Sign(std::string_view data) const;

 private:
  explicit PrivateKey(const std::shared_ptr<EVP_PKEY>& key) : key_(key), public_key_(key) {}

  std::shared_ptr<EVP_PKEY> key_;
  PublicKey public_key_;
};

}  // namespace mlspec
