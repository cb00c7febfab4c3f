// Seals and opens CMS messages with Bouncy Castle. Called as Sealer.java, with bcpkix.jar and bcutil.jar beside bcprov.jar.

import java.io.*;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.spec.*;
import java.util.*;
import javax.crypto.spec.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.*;
import org.bouncycastle.operator.jcajce.*;

public class CmsSealer {
    static Path folder;

    static byte[] der(String name) throws Exception {
        String text = Files.readString(folder.resolve(name), StandardCharsets.US_ASCII);
        text = text.substring(text.indexOf("-----BEGIN"));
        return Base64.getMimeDecoder().decode(text.replaceAll("-----[A-Z ]+-----", ""));
    }

    static PrivateKey secret(String kind) throws Exception {
        return KeyFactory.getInstance(kind.equals("RSA") ? "RSA" : "EC", "BC")
            .generatePrivate(new PKCS8EncodedKeySpec(der(kind + ".pem")));
    }

    static PublicKey open(String kind) throws Exception {
        return KeyFactory.getInstance(kind.equals("RSA") ? "RSA" : "EC", "BC")
            .generatePublic(new X509EncodedKeySpec(der(kind + ".public.pem")));
    }

    static byte[] keyId(String kind) throws Exception {
        byte[] bits = SubjectPublicKeyInfo.getInstance(der(kind + ".public.pem")).getPublicKeyData().getBytes();
        return MessageDigest.getInstance("SHA-1").digest(bits);
    }

    /** NAME: kind of key, way of the content key, cipher, joined with "/". */
    static RecipientInfoGenerator recipient(String kind, String way) throws Exception {
        byte[] id = keyId(kind);
        PublicKey key = open(kind);
        if (way.equals("pkcs1")) return new JceKeyTransRecipientInfoGenerator(id, key).setProvider("BC");
        if (way.startsWith("oaep")) {
            String hash = way.equals("oaep-sha256") ? "SHA-256" : "SHA-1";
            var spec = new OAEPParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), PSource.PSpecified.DEFAULT);
            var named = new JcaAlgorithmParametersConverter().getAlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP, spec);
            return new JceKeyTransRecipientInfoGenerator(id, named, key).setProvider("BC");
        }
        KeyPairGenerator maker = KeyPairGenerator.getInstance("EC", "BC");
        maker.initialize(((java.security.interfaces.ECKey) key).getParams());
        KeyPair pair = maker.generateKeyPair();
        var agreement = Map.of("ecdh-sha1", CMSAlgorithm.ECDH_SHA1KDF, "ecdh-sha256", CMSAlgorithm.ECDH_SHA256KDF,
            "ecdh-sha512", CMSAlgorithm.ECDH_SHA512KDF).get(way);
        var wrap = way.equals("ecdh-sha512") ? CMSAlgorithm.AES256_WRAP : CMSAlgorithm.AES128_WRAP;
        return new JceKeyAgreeRecipientInfoGenerator(agreement, pair.getPrivate(), pair.getPublic(), wrap)
            .addRecipient(id, key).setProvider("BC");
    }

    static byte[] seal(String kind, String way, String cipher, byte[] data) throws Exception {
        var ciphers = Map.of("aes-128-cbc", CMSAlgorithm.AES128_CBC, "aes-256-cbc", CMSAlgorithm.AES256_CBC,
            "aes-128-gcm", CMSAlgorithm.AES128_GCM, "aes-256-gcm", CMSAlgorithm.AES256_GCM);
        var encryptor = new JceCMSContentEncryptorBuilder(ciphers.get(cipher)).setProvider("BC").build();
        byte[] made;
        if (cipher.endsWith("-gcm")) {
            var generator = new CMSAuthEnvelopedDataGenerator();
            generator.addRecipientInfoGenerator(recipient(kind, way));
            made = generator.generate(new CMSProcessableByteArray(data), (OutputAEADEncryptor) encryptor).getEncoded();
        } else {
            var generator = new CMSEnvelopedDataGenerator();
            generator.addRecipientInfoGenerator(recipient(kind, way));
            made = generator.generate(new CMSProcessableByteArray(data), encryptor).getEncoded();
        }
        return ASN1Primitive.fromByteArray(made).getEncoded("DER");
    }

    static byte[] unseal(String kind, String way, String cipher, byte[] data) throws Exception {
        PrivateKey key = secret(kind);
        if (cipher.endsWith("-gcm")) {
            var info = new CMSAuthEnvelopedData(data).getRecipientInfos().getRecipients().iterator().next();
            return info.getContent(new JceKeyTransAuthEnvelopedRecipient(key).setProvider("BC"));
        }
        var info = new CMSEnvelopedData(data).getRecipientInfos().getRecipients().iterator().next();
        return info.getContent(kind.equals("RSA") ? new JceKeyTransEnvelopedRecipient(key).setProvider("BC")
            : new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC"));
    }

    public static void main(String[] args) throws Exception {
        folder = Path.of(args[0]);
        Security.addProvider(new BouncyCastleProvider());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null;) {
            String[] asked = line.split(" "), named = asked[1].split("/");
            byte[] data = HexFormat.of().parseHex(asked[2]);
            System.out.println(HexFormat.of().formatHex(asked[0].equals("seal")
                ? seal(named[0], named[1], named[2], data) : unseal(named[0], named[1], named[2], data)));
        }
    }
}
