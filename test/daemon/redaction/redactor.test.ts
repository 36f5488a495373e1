/** What is taken out of texts, whole or in pieces, and what is left alone. */

import { expect, test } from "vitest";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import fc from "../../support/property.ts";

/** Put together here, so that no scanner of secrets takes this file for a leak. */
const join = (...parts: string[]) => parts.join("");
const letters = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF";
const hex = "0123456789abcdef".repeat(4);
const secrets: [name: string, text: string, secret: string][] = [
  ["OpenAI key", "sk-", join("proj-", letters)],
  ["OpenAI key", "sk-", join(letters, letters)],
  ["Anthropic key", "sk-ant-", join("api03-", letters)],
  ["OpenRouter key", "sk-or-v1-", hex],
  ["GitHub token", "ghp_", join(letters, "abcd")],
  ["GitHub token", "github_pat_", join(letters, "_", letters)],
  ["GitLab token", "glpat-", "aB3dE6gH9jK2mN5pQ8sT"],
  ["AWS access key", "AKIA", "IOSFODNN7EXAMPLE"],
  ["AWS secret", "aws_secret_access_key = ", join(letters, "12345678")],
  ["Google key", "AIza", join(letters, "xyz")],
  ["Slack token", "xoxb-", "123456789012-abcdefABCDEF"],
  ["Stripe key", "sk_live_", letters],
  ["hacs-session token", "hacs_0f1e_", letters],
  ["npm token", "npm_", join(letters, "abcd")],
  ["Telegram token", "123456789:", join("AA", letters, "x")],
  ["JSON web token", "eyJhbGciOiJIUzI1NiJ9.", join("eyJzdWIiOiIxMjM0NTY3ODkwIn0.", letters)],
  ["bearer token", "Authorization: Bearer ", letters],
  ["basic credentials", "authorization: basic ", letters],
  ["password", "postgres://app:", "s3cr3t!"],
];
const closing: Record<string, string> = { password: "@db/app" };

const redactor = new Redactor();

test.each(secrets)("a %s is named, and what is around it stays", (name, before, secret) => {
  const after = closing[name] ?? "";
  const text = `see ${before}${secret}${after}, and go on`;
  const redacted = redactor.text(text);
  expect(redacted).toBe(text.replace(secret, `[redacted: ${name}]`));
});

test("a private key is taken out whole, also one that was cut off", () => {
  const body = `\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n${letters}${letters}\n${letters}==\n`;
  const begin = "-----BEGIN RSA PRIVATE KEY-----";
  for (const text of [
    `${begin}${body}-----END RSA PRIVATE KEY-----\nok`,
    `${begin}${body}`,
    JSON.stringify(`${begin}${body}-----END RSA PRIVATE KEY-----`),
  ]) {
    expect(redactor.text(text)).toContain("[redacted: private key]");
    expect(redactor.text(text)).not.toContain(letters);
  }
});

test("what people and programs say is left alone", () => {
  for (const text of [
    "task-management-system-with-a-long-name, risk-based-prioritisation-of-things",
    "https://example.com:8080/path?x=1 and http://[::1]:3000/ and git@github.com:a/b.git",
    "the bearer of bad news is basically fine; Bearer token",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b, id 019a8d2e-1f3b-7c4d-9e5f-6a7b8c9d0e1f",
    "sha512-/P6FNnLbHjXJMRF1dPoZoVTyHvFcuVhbDpzml9DPMlbeErYlZ18GueAaG9GhYhAm",
    "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END CERTIFICATE-----",
  ])
    expect(redactor.text(text)).toBe(text);
});

test("strings anywhere in a value are redacted, names that tie things together are not", () => {
  const token = `ghp_${letters}abcd`;
  const own = new Redactor({ uuid: "[0-9a-f]{8}-[0-9a-f-]{27}" });
  const id = "019a8d2e-1f3b-7c4d-9e5f-6a7b8c9d0e1f";
  const value = { turnId: id, item: { id, list: [1, null, token, { [token]: id }] } };
  expect(own.json(value)).toEqual({
    turnId: id,
    item: {
      id,
      list: [
        1,
        null,
        "ghp_[redacted: GitHub token]",
        { "ghp_[redacted: GitHub token]": "[redacted: uuid]" },
      ],
    },
  });
  const clean = { a: ["b", { c: 1 }] };
  expect(own.json(clean)).toBe(clean);
});

test("a user's own patterns are added, a built-in one can be turned off", () => {
  const own = new Redactor({ "ACME key": "acme-([0-9]{4,})", "GitHub token": false });
  expect(own.text(`acme-12345 ghp_${letters}abcd`)).toBe(
    `acme-[redacted: ACME key] ghp_${letters}abcd`,
  );
  expect(own.text("acme-1")).toBe("acme-1");
});

test("a pattern that RE2 does not know is an error that names it", () => {
  expect(() => new Redactor({ mine: "(?=a)b" })).toThrow(/redact pattern "mine"/);
});

test("no pattern, and no text, takes more than linear time", () => {
  const own = new Redactor({ evil: "(a+)+$", worse: "(x|xx)*y" });
  for (const text of [
    "a",
    "x",
    "eyJ",
    ".eyJaaaaaaaaaa",
    "-----BEGIN PRIVATE KEY-----abc ",
    "://a:",
    "sk-",
    "1",
  ])
    own.text(`${text.repeat(100_000)}b`);
  const stream = own.stream();
  for (let i = 0; i < 1000; i++) stream.push("a".repeat(100));
});

/** Pieces of words that secrets begin with, so that cuts and false beginnings are frequent. */
const scrap = fc.constantFrom(
  ...secrets.map(([name, before, secret]) => `${before}${secret}${closing[name] ?? ""} `),
  // Not followed by letters: a secret that is glued to another is a part of that one.
  ...secrets.map(([, before]) => `${before}!`),
  ..."!sk! gh p_! :// @ Bearer! eyJ! . !AKIA! \n é 😀 ----- acme- 12 345 foo § ^ % ключ= клю".split(
    " ",
  ),
  " ",
);
/** Some begin with a condition, with what is not ASCII, or are no longer than one character. */
const withOwn = new Redactor({
  "ACME key": "\\bacme-[0-9]+\\b",
  line: "(?m)^foo (.*)$",
  sign: "[§^]",
  edge: "%\\b",
  word: "ключ=([a-z!]+)",
});

test("in pieces as in one: a stream shows no secret, and at its end all else", () => {
  fc.assert(
    fc.property(
      fc.array(scrap, { maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (scraps, sizes) => {
        // A closing space decides the last one.
        const text = `${scraps.join("")} \n `;
        const stream = withOwn.stream();
        let shown = "";
        for (let at = 0; at < text.length; ) {
          const size = sizes.next().value as number;
          shown += stream.push(text.slice(at, at + size));
          at += size;
          for (const [, , secret] of secrets) expect(shown).not.toContain(secret);
        }
        expect(shown).toBe(withOwn.text(text));
      },
    ),
    { numRuns: 500 },
  );
});

test("a stream holds back only what may be a secret's", () => {
  const stream = redactor.stream();
  expect(stream.push("goes on with ghp")).toBe("goes on with ghp");
  expect(stream.push("_")).toBe("_");
  expect(stream.push("aB3")).toBe("");
  expect(stream.push(" no")).toBe("aB3 no");
  expect(stream.push(" http://localhost:3000")).toBe(" http://localhost:");
  expect(stream.push("/\n")).toBe("3000/\n");
});

test("what is held has a bound, and nothing of it is shown past that", () => {
  const stream = redactor.stream();
  expect(stream.push("ghp_")).toBe("ghp_");
  let shown = "";
  for (let i = 0; i < 1000; i++) shown += stream.push(letters);
  expect(shown).toBe("[redacted: too long to tell]");
  expect(stream.push(" and more")).toBe("");
});

test("after a gap a stream begins with a new word", () => {
  const stream = redactor.stream(true);
  expect(stream.push("tail-of-a-secret")).toBe("");
  expect(stream.push("-still and on")).toBe(" and on");
});
