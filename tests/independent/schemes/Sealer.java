// Seals and opens as Java programs do: Bouncy Castle's IES engine, and the schemes of Java's own JCE.
//
// java -cp bcprov.jar Sealer.java FOLDER < lines "seal NAME PLAINTEXT" or "open NAME SEALED" in hex; a line of hex each.
// FOLDER holds P-256.pem, P-384.pem, X25519.pem, RSA.pem (PKCS#8, unencrypted) and the same with .public.pem.

import java.io.*;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.interfaces.*;
import java.security.spec.*;
import java.util.*;
import javax.crypto.*;
import javax.crypto.spec.*;
import org.bouncycastle.crypto.*;
import org.bouncycastle.crypto.agreement.ECDHBasicAgreement;
import org.bouncycastle.crypto.digests.*;
import org.bouncycastle.crypto.engines.*;
import org.bouncycastle.crypto.generators.*;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.modes.CBCBlockCipher;
import org.bouncycastle.crypto.paddings.PaddedBufferedBlockCipher;
import org.bouncycastle.crypto.params.*;
import org.bouncycastle.crypto.parsers.ECIESPublicKeyParser;
import org.bouncycastle.crypto.util.*;

public class Sealer {
    static final byte[] P1 = {1, 2, 3}, P2 = {4, 5};
    static Path folder;

    static byte[] der(String name) throws Exception {
        String text = Files.readString(folder.resolve(name), StandardCharsets.US_ASCII);
        text = text.substring(text.indexOf("-----BEGIN"));
        return Base64.getMimeDecoder().decode(text.replaceAll("-----[A-Z ]+-----", ""));
    }

    static PrivateKey secret(String kind) throws Exception {
        return KeyFactory.getInstance(family(kind)).generatePrivate(new PKCS8EncodedKeySpec(der(kind + ".pem")));
    }

    static PublicKey open(String kind) throws Exception {
        return KeyFactory.getInstance(family(kind)).generatePublic(new X509EncodedKeySpec(der(kind + ".public.pem")));
    }

    static String family(String kind) {
        return kind.equals("RSA") ? "RSA" : kind.equals("X25519") ? "X25519" : "EC";
    }

    // --- Bouncy Castle: IESEngine -----------------------------------------------------------------------------------

    static byte[] ies(boolean seals, byte[] data, String curve, Digest kdf, Digest mac, boolean block, byte[] p1, byte[] p2)
            throws Exception {
        var priv = (ECPrivateKeyParameters) PrivateKeyFactory.createKey(der(curve + ".pem"));
        var pub = (ECPublicKeyParameters) PublicKeyFactory.createKey(der(curve + ".public.pem"));
        DerivationFunction derive = new KDF2BytesGenerator(kdf);
        IESEngine engine;
        CipherParameters params;
        if (block) {
            var cipher = new PaddedBufferedBlockCipher(new CBCBlockCipher(new AESEngine()));
            engine = new IESEngine(new ECDHBasicAgreement(), derive, new HMac(mac), cipher);
            params = new ParametersWithIV(new IESWithCipherParameters(p1, p2, 160, 128), new byte[16]);
        } else {
            engine = new IESEngine(new ECDHBasicAgreement(), derive, new HMac(mac));
            params = new IESParameters(p1, p2, 128);
        }
        if (seals) {
            var maker = new ECKeyPairGenerator();
            maker.init(new ECKeyGenerationParameters(pub.getParameters(), new SecureRandom()));
            var ephemeral = new EphemeralKeyPairGenerator(maker, key ->
                ((ECPublicKeyParameters) key).getQ().getEncoded(false));
            engine.init(pub, params, ephemeral);
        } else {
            engine.init(priv, params, new ECIESPublicKeyParser(priv.getParameters()));
        }
        return engine.processBlock(data, 0, data.length);
    }

    // --- Java's own ------------------------------------------------------------------------------------------------

    static byte[] oaep(boolean seals, byte[] data, String transformation, AlgorithmParameterSpec spec) throws Exception {
        Cipher cipher = Cipher.getInstance(transformation);
        cipher.init(seals ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE, seals ? open("RSA") : secret("RSA"), spec);
        return cipher.doFinal(data);
    }

    static byte[] wrapped(boolean seals, byte[] data, boolean gcm) throws Exception {
        byte[] key, iv = new byte[gcm ? 12 : 16], text = data, head = new byte[0];
        if (seals) {
            key = new byte[32];
            new SecureRandom().nextBytes(key);
            new SecureRandom().nextBytes(iv);
            head = oaep(true, key, "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", null);
        } else {
            key = oaep(false, Arrays.copyOf(data, 256), "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", null);
            iv = Arrays.copyOfRange(data, 256, 256 + iv.length);
            text = Arrays.copyOfRange(data, 256 + iv.length, data.length);
        }
        Cipher cipher = Cipher.getInstance(gcm ? "AES/GCM/NoPadding" : "AES/CBC/PKCS5Padding");
        cipher.init(seals ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"),
            gcm ? new GCMParameterSpec(128, iv) : new IvParameterSpec(iv));
        byte[] done = cipher.doFinal(text);
        return seals ? join(head, iv, done) : done;
    }

    /** A concatenation KDF from a digest, AES-256-GCM with a random IV behind the text: IV last. */
    static byte[] concat(boolean seals, byte[] data) throws Exception {
        byte[] point, shared, iv = new byte[12], text = data;
        KeyAgreement agree = KeyAgreement.getInstance("ECDH");
        if (seals) {
            KeyPairGenerator maker = KeyPairGenerator.getInstance("EC");
            maker.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair pair = maker.generateKeyPair();
            point = pair.getPublic().getEncoded();  // DER SubjectPublicKeyInfo
            agree.init(pair.getPrivate());
            agree.doPhase(open("P-256"), true);
            new SecureRandom().nextBytes(iv);
        } else {
            point = Arrays.copyOf(data, 91);
            agree.init(secret("P-256"));
            agree.doPhase(KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(point)), true);
            iv = Arrays.copyOfRange(data, data.length - 12, data.length);
            text = Arrays.copyOfRange(data, 91, data.length - 12);
        }
        shared = agree.generateSecret();
        MessageDigest digest = MessageDigest.getInstance("SHA-512");
        digest.update(new byte[] {0, 0, 0, 1});
        digest.update(shared);
        digest.update("bulb".getBytes());
        byte[] key = Arrays.copyOf(digest.digest(), 32);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(seals ? 1 : 2, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, iv));
        cipher.updateAAD(point);
        byte[] done = cipher.doFinal(text);
        return seals ? join(point, done, iv) : done;
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) all.writeBytes(part);
        return all.toByteArray();
    }

    static byte[] run(boolean seals, String name, byte[] data) throws Exception {
        var md = new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, new PSource.PSpecified(P1));
        return switch (name) {
            case "ies-xor-sha1" -> ies(seals, data, "P-256", new SHA1Digest(), new SHA1Digest(), false, P1, P2);
            case "ies-xor-sha256" -> ies(seals, data, "P-256", new SHA256Digest(), new SHA256Digest(), false, P1, P2);
            case "ies-xor-p384" -> ies(seals, data, "P-384", new SHA384Digest(), new SHA384Digest(), false, P1, P2);
            case "ies-xor-bare" -> ies(seals, data, "P-256", new SHA256Digest(), new SHA1Digest(), false, null, null);
            case "ies-cbc-sha1" -> ies(seals, data, "P-256", new SHA1Digest(), new SHA1Digest(), true, P1, P2);
            case "ies-cbc-sha256" -> ies(seals, data, "P-256", new SHA256Digest(), new SHA256Digest(), true, P1, P2);
            case "ies-cbc-p384" -> ies(seals, data, "P-384", new SHA512Digest(), new SHA256Digest(), true, null, null);
            case "oaep-java-default" -> oaep(seals, data, "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", null);
            case "oaep-sha1" -> oaep(seals, data, "RSA/ECB/OAEPWithSHA-1AndMGF1Padding", null);
            case "oaep-label" -> oaep(seals, data, "RSA/ECB/OAEPPadding", md);
            case "pkcs1" -> oaep(seals, data, "RSA/ECB/PKCS1Padding", null);
            case "wrapped-gcm" -> wrapped(seals, data, true);
            case "wrapped-cbc" -> wrapped(seals, data, false);
            case "concat-gcm" -> concat(seals, data);
            default -> throw new IllegalArgumentException(name);
        };
    }

    public static void main(String[] args) throws Exception {
        folder = Path.of(args[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null;) {
            String[] asked = line.split(" ");
            System.out.println(HexFormat.of().formatHex(run(asked[0].equals("seal"), asked[1],
                HexFormat.of().parseHex(asked[2]))));
        }
    }
}
