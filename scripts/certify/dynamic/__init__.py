"""The dynamic half of the certificate: a job's machine executed under every fault, then the nets in order."""
