/** What a config file may say, and how it is told what it may not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { HacsError } from "../../src/protocol/errors.ts";
import { readConfig } from "../../src/system/config.ts";

const dir = mkdtempSync(join(tmpdir(), "hs-config-"));
const file = join(dir, "config.json");
afterAll(() => rmSync(dir, { recursive: true }));

test("a file that is not there is an empty one", () => {
  expect(readConfig(join(dir, "none.json"))).toEqual({});
});

test.each([
  "{}",
  '{"codex": "/usr/bin/codex"}',
  '{"logLevel": "debug"}',
  '{"prefix": "C-a", "notify": false}',
  '{"listen": ["127.0.0.1:9100", "[::1]:0"]}',
  '{"tlsCert": "/c.pem", "tlsKey": "/k.pem", "behindProxy": ["10.0.0.0/8", "::1"]}',
  '{"allowedHosts": ["team.example:8443", "[::1]"], "allowedOrigins": ["https://app.example"]}',
  '{"keep": "30d", "keepSize": "100M", "keepAudit": "365d", "redact": {"mine": "x+", "GitHub": false}}',
  '{"maxAgents": 4, "idleTimeout": "30m", "ttl": "never", "maxTurnTime": "90s"}',
  '{"idleTimeout": "0", "maxQueued": 1, "maxMessagesPerMinute": 60}',
  '{"maxQueuedSize": "8M", "maxQueuedSizeInAll": "1G"}',
  '{"archive": "postgres://ann:pw@db/h", "archivePasswordFile": "/p", "archiveHold": "90d"}',
  '{"remoteCommand": "/opt/hacs-session", "name": "laptop"}',
])("%s is taken", (text) => {
  writeFileSync(file, text);
  expect(readConfig(file)).toEqual(JSON.parse(text));
});

test.each([
  ['{"codex": ""}', 'codex is the path of a codex; got ""'],
  ['{"codex": 7}', "codex is the path of a codex; got 7"],
  ['{"logLevel": "loud"}', 'logLevel is one of debug, info, warn, error; got "loud"'],
  ['{"logLevel": null}', "got null"],
  ['{"prefix": "C-m"}', "none that means Enter or Tab"],
  ['{"prefix": ["C-a"]}', 'got ["C-a"]'],
  ['{"notify": "no"}', "notify is true or false"],
  ['{"log": "debug"}', 'there is no member "log"'],
  ['{"constructor": 1}', 'there is no member "constructor"'],
  ['{"listen": "127.0.0.1:9100"}', "listen is a list of addresses as 127.0.0.1:9100"],
  ['{"listen": ["127.0.0.1"]}', 'got ["127.0.0.1"]'],
  ['{"tlsCert": "c.pem"}', "tlsCert is an absolute path"],
  ['{"behindProxy": ["proxy.example"]}', "IP addresses or networks"],
  ['{"allowedHosts": ["http://x"]}', "names as team.example"],
  ['{"allowedOrigins": ["*"]}', "origins as https://app.example"],
  ['{"allowedOrigins": ["null"]}', "origins as https://app.example"],
  ['{"allowedOrigins": ["https://app.example/"]}', "origins as https://app.example"],
  ['{"keep": "400d"}', "keep is a time as 30d"],
  ['{"maxAgents": 0}', "maxAgents is a whole number from 1 to 10000; got 0"],
  ['{"maxQueued": 2.5}', "maxQueued is a whole number"],
  ['{"maxQueuedSize": 8}', "maxQueuedSize is a size as 100M"],
  ['{"maxMessagesPerMinute": "60"}', "maxMessagesPerMinute is a whole number"],
  ['{"idleTimeout": "soon"}', 'idleTimeout is a time as 30m, up to a year, or "never"; got "soon"'],
  ['{"ttl": "0s"}', "ttl is a time"],
  ['{"maxTurnTime": 60}', "maxTurnTime is a time"],
  ['{"idleTimeout": "400d"}', "up to a year"],
  ['{"redact": {"mine": ""}}', "redact is an object of patterns"],
  ['{"archive": "mysql://db/h"}', "archive is a URL as postgres://user@db.example/history."],
  ['{"archivePasswordFile": "p"}', "archivePasswordFile is an absolute path"],
  ['{"archiveHold": "1y"}', 'archiveHold is a time as 30d; got "1y"'],
  ["[]", "it is not an object"],
  ["null", "it is not an object"],
  ["7", "it is not an object"],
  ["{", "JSON"],
  ["", "JSON"],
])("%s is refused", (text, why) => {
  writeFileSync(file, text);
  try {
    readConfig(file);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(HacsError);
    expect(error).toMatchObject({ code: "config-invalid", message: expect.stringContaining(why) });
    expect((error as HacsError).message).toContain(file);
    expect((error as HacsError).next).toContain("Correct it, or move it away");
  }
});

test.each([
  '{"archive": "pg://ann:hush-hush@db/h"}',
  '{"archive": ["postgres://ann:hush-hush@db/h"]}',
  '{"archive": "postgres://ann:hush-hush@db/h" "keep": "30d"}',
  '{"archive": "postgres://ann:hush-hush@db/h}',
  '{"archive": hush-hush}',
  '{"archive": "postgres://ann:hush-hush@db/h",}',
])("a password is not repeated: %s", (text) => {
  writeFileSync(file, text);
  try {
    readConfig(file);
    expect.unreachable();
  } catch (error) {
    expect((error as HacsError).message).toContain("can't be used");
    expect((error as HacsError).message).not.toContain("hush");
  }
});
