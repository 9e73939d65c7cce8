"""The conformance kit: cases as data, and a runner that drives any program through them."""
