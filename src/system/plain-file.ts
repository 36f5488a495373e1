/**
 * Files that somebody else may have put there. A pipe would keep whoever opens it waiting for ever,
 * and a device never ends: only what is a file is read, and only so much of it.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Opened for reading; undefined when it is there and no file. Throws what the system says else. */
export function openPlainFile(path: string): number | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (fstatSync(fd).isFile()) return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

/** Throws where it can't be read, is no file, or has more than `bytesMax`. */
export function readPlainFile(path: string, bytesMax: number): string {
  const fd = openPlainFile(path);
  if (fd === undefined) throw new Error("it is no plain file");
  try {
    const buffer = Buffer.alloc(bytesMax + 1);
    let bytes = 0;
    for (let more = -1; more !== 0 && bytes <= bytesMax; bytes += more)
      more = readSync(fd, buffer, bytes, buffer.length - bytes, null);
    if (bytes > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
    return buffer.toString("utf8", 0, bytes);
  } finally {
    closeSync(fd);
  }
}
