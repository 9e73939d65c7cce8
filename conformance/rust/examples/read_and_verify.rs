//! Reads an envelope and a trust file, and says what was verified.

use std::{env, error::Error, fs};

use mlspec::{Envelope, TrustPolicy, Verifier};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = env::args().skip(1).collect();
    let [envelope, trust] = files.as_slice() else {
        return Err("usage: read_and_verify ENVELOPE TRUST".into());
    };
    let envelope = Envelope::from_json(&fs::read(envelope)?)?;
    let trust = TrustPolicy::from_json(&fs::read(trust)?)?;
    let verified = Verifier::new(&trust).verify(&envelope)?;

    let signers: Vec<&str> = verified
        .signers()
        .iter()
        .map(|each| each.identity.as_str())
        .collect();
    let (stage, namespace) = (verified.stage(), &verified.header().namespace_name);
    println!(
        "verified: {stage} in {namespace}, signed by {}",
        signers.join(", ")
    );
    println!("sha256:{}", hex::encode(verified.sha256()));
    Ok(())
}
