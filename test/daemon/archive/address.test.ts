/** Which URLs name an archive, and what is asked of those that leave the machine. */
import { expect, test } from "vitest";
import { archiveAddress } from "../../../src/daemon/archive/address.ts";
import { backOffMs } from "../../../src/daemon/archive/archive.ts";
import { lookUp } from "../../../src/daemon/archive/password.ts";

test.each([
  ["postgres://ann@db.example/h", "postgres://ann@db.example:5432/h", true],
  ["postgresql://ann:s%40cret@db.example:6543/h", "postgres://ann@db.example:6543/h", true],
  ["postgres://ann@10.0.0.7/h?sslmode=verify-full", "postgres://ann@10.0.0.7:5432/h", true],
  ["postgres://ann@[2001:db8::1]/h", "postgres://ann@[2001:db8::1]:5432/h", true],
  ["postgres://ann@localhost/h", "postgres://ann@localhost:5432/h", false],
  ["postgres://ann@[::1]:7/h?sslmode=disable", "postgres://ann@[::1]:7/h", false],
  ["postgres://ann@127.0.0.1/h?sslmode=verify-full", "postgres://ann@127.0.0.1:5432/h", true],
  ["postgres://ann@/h?host=/run/pg", "postgres://ann@/run/pg:5432/h", false],
  ["postgres:///h?host=/run/pg&user=ann", "postgres://ann@/run/pg:5432/h", false],
  ["postgres://ann@%2Frun%2Fpg/h", "postgres://ann@/run/pg:5432/h", false],
])("%s", (url, shown, encrypted) => {
  const address = archiveAddress(url);
  expect(address.shown).toBe(shown);
  expect(address.ssl !== false).toBe(encrypted);
  if (address.ssl !== false) expect(address.ssl.rejectUnauthorized).toBe(true);
});

test.each([
  ["postgres://:hush@db/h", "names no user"],
  ["postgres://ann:hush@/h?host=", "names no host"],
  ["postgres://ann:hush@db", "names no database"],
  ["postgres://ann:hush@db:99999/h", "is no URL"],
  ["postgres://ann:hush@db/h?port=0", "has a port that is none"],
  ["postgres://ann:hush@db/h?sslmode=require", 'has sslmode="require"'],
  ["postgres://ann:hush@db/h?sslmode=disable", '"db" is not on this machine'],
  ["postgres://ann:hush@db/h?options=-c", 'has the parameter "options"'],
  ["postgres://ann:hush@db/h?sslrootcert=/none.pem", "sslrootcert that can't be read"],
  ["postgres://ann:hush%@db/h", "has a % that stands for nothing"],
])("%s is refused, and its password told to nobody", (url, why) => {
  const error = caught(() => archiveAddress(url).password());
  expect(error).toMatchObject({ code: "config-invalid", message: expect.stringContaining(why) });
  expect(JSON.stringify([error.message, error.next])).not.toContain("hush");
});

test("a password is that of the URL, else that of the first line that fits", () => {
  expect(archiveAddress("postgres://ann:s%40cret@db/h").password()).toBe("s@cret");
  const key = ["db", "5432", "h", "ann"];
  const file = "# db:5432:h:ann:no\nother:*:*:*:no\ndb:*:h:ann:a\\:b\\\\c\r\n*:*:*:*:late";
  expect(lookUp(file, key)).toBe("a:b\\c");
  expect(lookUp("db:5432:h:bob:no\n*:5433:*:*:no\n\ndb:5432:h", key)).toBeUndefined();
});

test("it is tried again ever later, up to a minute, and never all at one time", () => {
  expect([0, 1, 2, 7, 50].map((failures) => backOffMs(failures, () => 1))).toEqual([
    500, 1000, 2000, 60_000, 60_000,
  ]);
  expect(backOffMs(50, () => 0)).toBe(30_000);
});

function caught(work: () => unknown): Error & { next?: string } {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was to fail");
}
