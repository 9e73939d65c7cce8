#include "mlspec/keys.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

#include "mlspec/bytes.hpp"
#include "mlspec/errors.hpp"

namespace mlspec {
namespace {

using BioHandle = std::unique_ptr<BIO, decltype(&BIO_free)>;
using DerHandle = std::unique_ptr<unsigned char, void (*)(unsigned char*)>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* Octets(std::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

BioHandle Reader(std::string_view data) {
  return {BIO_new_mem_buf(data.data(), static_cast<int>(data.size())), &BIO_free};
}

DerHandle Owned(unsigned char* der) {
  return {der, [](unsigned char* memory) { OPENSSL_free(memory); }};
}

std::shared_ptr<EVP_PKEY> Owned(EVP_PKEY* key) { return {key, &EVP_PKEY_free}; }

InputError WrongSyntax(std::string_view what) {
  ERR_clear_error();
  return InputError("key.syntax", "", "must be a " + std::string(what) + " in PEM");
}

/// The digest that OpenSSL is to apply: Ed25519 has one of its own.
const EVP_MD* DigestOf(v1::KeyAlgorithm algorithm) {
  return algorithm == v1::KEY_ALGORITHM_ED25519 ? nullptr : EVP_sha256();
}

v1::KeyAlgorithm AlgorithmOf(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519")) return v1::KEY_ALGORITHM_ED25519;
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key, "EC") &&
      EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
      std::string_view(group.data()) == SN_X9_62_prime256v1) {
    return v1::KEY_ALGORITHM_ECDSA_P256;
  }
  throw InputError("key.kind", "", "must be Ed25519 or ECDSA P-256");
}

std::string KeyidOf(const DerHandle& der, long size) {
  const auto* const bytes = reinterpret_cast<const char*>(der.get());
  return Hex(Sha256({bytes, static_cast<std::size_t>(size)}));
}

/// Encodes anew, with a named curve and an uncompressed point.
std::string KeyidOf(EVP_PKEY* key, v1::KeyAlgorithm algorithm) {
  if (algorithm == v1::KEY_ALGORITHM_ECDSA_P256) {
    EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP);
    EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) throw WrongSyntax("public key");
  return KeyidOf(Owned(der), size);
}

/// Answers for the person whom OpenSSL would ask for a password: there is none.
int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

PublicKey::PublicKey(std::shared_ptr<EVP_PKEY> key)
    : key_(std::move(key)),
      algorithm_(AlgorithmOf(key_.get())),
      keyid_(KeyidOf(key_.get(), algorithm_)) {}

PublicKey PublicKey::FromPem(std::string_view pem) {
  const BioHandle reader = Reader(pem);
  unsigned char* der = nullptr;
  long size = 0;
  if (PEM_bytes_read_bio(&der, &size, nullptr, PEM_STRING_PUBLIC, reader.get(), &NoPassword,
                         nullptr) != 1) {
    throw WrongSyntax("public key (SubjectPublicKeyInfo)");
  }
  const DerHandle given = Owned(der);
  const unsigned char* end = der;
  auto handle = Owned(d2i_PUBKEY(nullptr, &end, size));
  if (handle == nullptr) throw WrongSyntax("public key (SubjectPublicKeyInfo)");
  PublicKey key(std::move(handle));
  // One key must not get a second id by another spelling of its DER.
  if (key.keyid() != KeyidOf(given, size)) {
    throw InputError("key.spelling", "", "must have a named curve and an uncompressed point");
  }
  return key;
}

bool PublicKey::Fits(std::string_view signature, std::string_view data) const {
  const DigestHandle context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  // For P-256 OpenSSL takes a signature only if encoding it anew gives the same DER.
  const bool fits = EVP_DigestVerifyInit(context.get(), nullptr, DigestOf(algorithm_), nullptr,
                                         key_.get()) == 1 &&
                    EVP_DigestVerify(context.get(), Octets(signature), signature.size(),
                                     Octets(data), data.size()) == 1;
  ERR_clear_error();
  return fits;
}

PrivateKey PrivateKey::FromPem(std::string_view pem) {
  const BioHandle reader = Reader(pem);
  auto key = Owned(PEM_read_bio_PrivateKey(reader.get(), nullptr, &NoPassword, nullptr));
  if (key == nullptr) throw WrongSyntax("private key (PKCS#8, not encrypted)");
  return PrivateKey(key);
}

std::string PrivateKey::Sign(std::string_view data) const {
  const DigestHandle context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const EVP_MD* digest = DigestOf(public_key_.algorithm());
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, Octets(data), data.size()) == 1) {
    std::string signature(size, '\0');
    auto* const output = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(context.get(), output, &size, Octets(data), data.size()) == 1) {
      signature.resize(size);
      return signature;
    }
  }
  throw WrongSyntax("private key that can sign");
}

}  // namespace mlspec
