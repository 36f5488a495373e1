/**
 * The page behind the picture that `pair` shows: a phone's browser brings the code, and shows the
 * token that it was exchanged for, this once. The code stands after the #, which browsers send to
 * nobody, and is exchanged only when a person says so: what merely looks at an address, as a preview
 * does, uses nothing up. All of the page is here, and its policy lets it load and reach nothing else.
 */
import { createHash } from "node:crypto";
import { commonHeaders, type Exchange } from "./exchange.ts";

const style = `
:root { color-scheme: light dark; font: 17px/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.25rem; }
input, button { font: inherit; padding: .6rem .8rem; border: 1px solid; border-radius: .5rem; }
input { box-sizing: border-box; width: 100%; font-family: ui-monospace, monospace; }
button { margin: .6rem .6rem .6rem 0; cursor: pointer; }
code, pre { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
[role="status"] { min-height: 1.5em; }
`;

const script = `
const at = (id) => document.getElementById(id);
const base = location.href.replace(/[?#].*$/, "").replace(/pair$/, "");
const say = (text) => { at("said").textContent = text; };
at("code").value = location.hash.slice(1);
at("ask").onsubmit = async (event) => {
  event.preventDefault();
  at("get").disabled = true;
  say("");
  try {
    const response = await fetch(base + "v1/pair", {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code: at("code").value }),
    });
    const answer = await response.json();
    if (response.ok) show(answer);
    else say([answer.detail, answer.next].filter(Boolean).join(" "));
  } catch {
    say("The daemon can't be reached. If it took the code all the same, ask for a new one.");
  }
  at("get").disabled = false;
};
function show({ token, scope, sessions, expiresAt }) {
  history.replaceState(null, "", location.pathname);
  at("ask").hidden = true;
  at("token").value = token;
  const until = expiresAt === null ? "until it is revoked" : "until " + new Date(expiresAt).toLocaleString();
  at("grant").textContent = "Scope " + scope + ", sessions " + sessions + ", " + until + ".";
  const web = base.replace(/^http/, "ws");
  at("curl").textContent = 'curl -H "Authorization: Bearer $TOKEN" ' + base + "v1/sessions";
  at("codex").textContent = web + "ws?session=NAME";
  at("peer").textContent = "hacs-session peer add NAME " + web.replace(/\\/$/, "") + " --token-file FILE";
  at("given").hidden = false;
}
at("copy").onclick = async () => {
  at("token").select();
  try {
    await navigator.clipboard.writeText(at("token").value);
    say("Copied.");
  } catch {
    say("It is selected; copy it from there.");
  }
};
`;

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>hacs-session: pair</title>
<style>${style}</style>
<h1>Pair with hacs-session</h1>
<form id="ask">
<p>Somebody ran <code>hacs-session pair</code> to let this device in. The code gives it a token, once.
What the token may do, and for which sessions, was said there.
<p><label>Code <input id="code" required maxlength="64" autocomplete="off" autocapitalize="characters" spellcheck="false"></label>
<button id="get">Get the token</button>
</form>
<section id="given" hidden>
<p><label>Token <input id="token" readonly></label>
<button id="copy" type="button">Copy</button>
<p id="grant"></p>
<p>It is shown this once, and stands for you: keep it where passwords are kept. It goes into the header
<code>Authorization: Bearer TOKEN</code>, never into an address.
<p>In an app for codex app-server, with the token as its bearer token:
<pre id="codex"></pre>
<p>In a script:
<pre id="curl"></pre>
<p>On another computer that runs hacs-session, with the token in a file:
<pre id="peer"></pre>
</section>
<p role="status" id="said"></p>
<noscript><p>This page needs JavaScript. Without it: POST v1/pair with {"code": "…"}.</noscript>
<script>${script}</script>
</html>
`;

const policy = [
  "default-src 'none'",
  `script-src '${digest(script)}'`,
  `style-src '${digest(style)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function sendPairPage({ response, visitor }: Exchange): undefined {
  const bytes = Buffer.from(page);
  response.writeHead(200, {
    ...commonHeaders(visitor.origin),
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "content-length": bytes.length,
  });
  response.end(bytes);
}

/** As a policy names what may stand in the page itself: https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
