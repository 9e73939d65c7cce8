package org.mlspec.example;

import static java.nio.file.Files.readAllBytes;

import java.nio.file.Path;
import org.mlspec.sealing.Envelopes;
import org.mlspec.sealing.TrustFile;
import org.mlspec.sealing.Verifier;

/** Reads an envelope and a trust file, and says what the record is and who vouches for it. */
public class ReadAndVerify {
  public static void main(String[] files) throws Exception {
    var envelope = Envelopes.fromJson(readAllBytes(Path.of(files[0])));
    var trust = TrustFile.fromJson(readAllBytes(Path.of(files[1])));
    // Throws, or returns what can be relied on.
    var record = new Verifier(trust).verify(envelope);
    var who = String.join(", ", record.identities());
    System.out.printf(
        "verified: %s in %s, signed by %s%n", record.stageName(), record.namespaceName(), who);
    System.out.println(record.digest());
  }
}
