// Seals and opens with Crypto++. Lines as of Sealer.java: "seal NAME HEX" or "open NAME HEX", the answer in hex; the
// folder of the keys is the argument.

#include <cryptopp/base64.h>
#include <cryptopp/eccrypto.h>
#include <cryptopp/filters.h>
#include <cryptopp/hex.h>
#include <cryptopp/osrng.h>
#include <cryptopp/rsa.h>
#include <cryptopp/sha.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

using namespace CryptoPP;

static std::string folder;

/** The DER inside a PEM file, whatever stands in front of it. */
static std::string der(const std::string& name) {
  std::ifstream file(folder + "/" + name);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t begin = text.find('\n', text.find("-----BEGIN")), end = text.find("-----END", begin);
  std::string found;
  StringSource(text.substr(begin, end - begin), true, new Base64Decoder(new StringSink(found)));
  return found;
}

template <class Scheme>
static std::string run(const std::string& kind, bool seals, const std::string& data) {
  AutoSeededRandomPool random;
  std::string done;
  if (seals) {
    typename Scheme::Encryptor sealer;
    StringSource source(der(kind + ".public.pem"), true);
    sealer.AccessPublicKey().Load(source);
    StringSource(data, true, new PK_EncryptorFilter(random, sealer, new StringSink(done)));
  } else {
    typename Scheme::Decryptor opener;
    StringSource source(der(kind + ".pem"), true);
    opener.AccessPrivateKey().Load(source);
    StringSource(data, true, new PK_DecryptorFilter(random, opener, new StringSink(done)));
  }
  return done;
}

/** ECIES as the library makes it: KDF2, XOR, HMAC; DHAES mode takes the ephemeral key into the KDF, and the length of
 *  the parameters into the MAC. */
template <class Hash, bool Dhaes>
using Ies = ECIES<ECP, Hash, NoCofactorMultiplication, Dhaes>;

using Run = std::function<std::string(bool, const std::string&)>;

template <class Scheme>
static Run scheme(const char* kind) {
  return [kind](bool seals, const std::string& data) { return run<Scheme>(kind, seals, data); };
}

int main(int count, char** words) {
  if (count != 2) return 2;
  folder = words[1];
  const std::map<std::string, Run> schemes = {
      {"ies-sha1", scheme<Ies<SHA1, true>>("P-256")},
      {"ies-sha256", scheme<Ies<SHA256, true>>("P-256")},
      {"ies-plain", scheme<Ies<SHA256, false>>("P-256")},
      {"ies-p384", scheme<Ies<SHA384, true>>("P-384")},
      {"ies-p521", scheme<Ies<SHA512, true>>("P-521")},
      {"oaep-sha1", scheme<RSAES<OAEP<SHA1>>>("RSA")},
      {"oaep-sha256", scheme<RSAES<OAEP<SHA256>>>("RSA")},
      {"pkcs1", scheme<RSAES<PKCS1v15>>("RSA")},
  };
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream parts(line);
    std::string what, name, hex, data, shown;
    parts >> what >> name >> hex;
    StringSource(hex, true, new HexDecoder(new StringSink(data)));
    StringSource(schemes.at(name)(what == "seal", data), true, new HexEncoder(new StringSink(shown), false));
    std::cout << shown << std::endl;
  }
}
