/** A certificate that signs itself, as PEM files in `dir`; what there was is overwritten. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  cert: string;
  key: string;
  /** As the daemon takes them. */
  args: string[];
  ca: string;
}

export function makeCertificate(dir: string, ...ips: string[]): Certificate {
  const at = (name: string) => join(dir, name);
  const [cert, key, config] = [at("cert.pem"), at("key.pem"), at("openssl.cnf")];
  writeFileSync(config, "[req]\ndistinguished_name=dn\n[dn]\n");
  const names = ["DNS:localhost", ...["127.0.0.1", ...ips].map((ip) => `IP:${ip}`)];
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1".split(" "),
      ...["-config", config, "-subj", "/CN=localhost"],
      ...["-addext", `subjectAltName=${names.join(",")}`],
      ...["-keyout", key, "-out", cert],
    ],
    { stdio: "ignore" },
  );
  const args = ["--tls-cert", cert, "--tls-key", key];
  return { cert, key, args, ca: readFileSync(cert, "utf8") };
}
