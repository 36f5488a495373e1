/** What the rest of the daemon knows of its port. */
export interface OpenPort {
  /** Where it listens, as URLs with the port that was given. */
  readonly urls: string[];
  /** Where others reach it, as far as that is known: behind a proxy under another name. */
  readonly publicUrls: string[];
  /** Takes the certificate that its files have now; false without TLS. Throws `listen-failed`. */
  renew: () => boolean;
  close: () => void;
}
