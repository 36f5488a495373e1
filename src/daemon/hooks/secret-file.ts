/**
 * Keys and tokens for hooks, each in a file that only its owner can read. They are read anew for
 * each delivery, so a new one counts at once, and are held nowhere.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { messageOf } from "../../protocol/errors.ts";

const secretBytesMax = 4096;
/** As https://www.standardwebhooks.com has it: 24 to 64 random bytes, in base64, behind a prefix. */
const KEY = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const keyBytes = { min: 24, max: 64 };

/** Throws what is wrong with the file, in words without what is in it. */
export function readSecret(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Error(
      `${file} can't be read (${(error as NodeJS.ErrnoException).code ?? messageOf(error)})`,
    );
  }
  try {
    const { uid, mode, size } = fstatSync(fd);
    if ((mode & 0o170000) !== 0o100000) throw new Error(`${file} is no plain file`);
    const foreign = uid !== process.getuid?.() && uid !== 0;
    if (foreign || (mode & 0o077) !== 0) throw new Error(`${file} is open to others: chmod 600 it`);
    if (size > secretBytesMax) throw new Error(`${file} has more than ${secretBytesMax} bytes`);
    const buffer = Buffer.alloc(secretBytesMax);
    const text = buffer.toString("utf8", 0, readSync(fd, buffer, 0, secretBytesMax, 0)).trim();
    if (text === "") throw new Error(`${file} is empty`);
    return text;
  } finally {
    closeSync(fd);
  }
}

/** One a line; two while the old one is being replaced, and then both sign. */
export function readKeys(file: string): Buffer[] {
  return readSecret(file)
    .split(/\s+/)
    .map((word) => {
      const key = Buffer.from(KEY.exec(word)?.[1] ?? "", "base64");
      if (key.length >= keyBytes.min && key.length <= keyBytes.max) return key;
      throw new Error(
        `${file} is to hold whsec_ and ${keyBytes.min} to ${keyBytes.max} bytes in base64: echo "whsec_$(openssl rand -base64 32)"`,
      );
    });
}

export function readBearer(file: string): string {
  const token = readSecret(file);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Error(`${file} is to hold one printable word`);
}
