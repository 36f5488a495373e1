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

export interface CertificateOptions {
  /** What it is for; without them this machine. */
  names?: string[];
  /** Until when it is good; without it a day from now. */
  until?: Date;
}

const dayMs = 24 * 3_600_000;

export function makeCertificate(
  dir: string,
  { names = ["DNS:localhost", "IP:127.0.0.1"], until }: CertificateOptions = {},
): Certificate {
  const at = (name: string) => join(dir, name);
  const [cert, key, config] = [at("cert.pem"), at("key.pem"), at("openssl.cnf")];
  const [request, index] = [at("request.pem"), at("openssl.index")];
  const end = until ?? new Date(Date.now() + dayMs);
  const begin = new Date(end.getTime() - 2 * dayMs);
  // `req -x509` makes none that is over.
  writeFileSync(
    config,
    `[ca]\ndefault_ca=own\n[own]\ndatabase=${index}\nnew_certs_dir=${dir}\nrand_serial=yes
default_md=sha256\npolicy=any\nx509_extensions=names\n[any]\ncommonName=supplied
[names]\nsubjectAltName=${names.join(",")}\n[req]\ndistinguished_name=dn\n[dn]\n`,
  );
  writeFileSync(index, "");
  const openssl = (...args: string[]) =>
    execFileSync("openssl", [...args, "-config", config], { stdio: "ignore" });
  openssl(
    ..."req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost".split(" "),
    ...["-keyout", key, "-out", request],
  );
  openssl(
    ...["ca", "-batch", "-selfsign", "-notext", "-in", request, "-keyfile", key, "-out", cert],
    ...["-startdate", asn1(begin), "-enddate", asn1(end)],
  );
  const args = ["--tls-cert", cert, "--tls-key", key];
  return { cert, key, args, ca: readFileSync(cert, "utf8") };
}

/** As 20261121180000Z. */
function asn1(date: Date): string {
  return `${date.toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
}
