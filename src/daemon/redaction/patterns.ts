/**
 * What secrets look like. Each pattern has one group, which is the secret; what is around it stays
 * to be read. Formats that their makers made to be found (a prefix, a fixed alphabet) are
 * here; a mere `password=` is not, since it would hide more than it saves.
 *
 * Each is both a JavaScript and an RE2 pattern, since answers on their way are followed by RE2's
 * automaton and whole texts are searched by the faster engine. So each must be linear there too:
 * it begins with something literal, and a repetition without bound either can't fail after it
 * began or ends before the beginning can come again.
 */
export const BUILT_IN: Record<string, string> = {
  "Anthropic key": "sk-ant-([A-Za-z0-9_-]{20,})",
  "OpenRouter key": "sk-or-v1-([0-9a-f]{32,})",
  "OpenAI key": "sk-((?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32,})",
  "GitHub token": "(?:gh[pousr]_|github_pat_)([A-Za-z0-9_]{30,})",
  "GitLab token": "gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat)-([A-Za-z0-9_.-]{20,})",
  "AWS access key": "(?:AKIA|ASIA)([0-9A-Z]{16})",
  "AWS secret":
    "(?:SECRET_ACCESS_KEY|secret_access_key|SESSION_TOKEN|session_token|SecretAccessKey|SessionToken)\\W{1,5}([A-Za-z0-9/+=]{40,})",
  "Google key": "AIza([0-9A-Za-z_-]{35})",
  "Google token": "ya29\\.([0-9A-Za-z_-]{20,})",
  "Google secret": "GOCSPX-([0-9A-Za-z_-]{20,})",
  "Azure key": "(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,}={0,2})",
  "Slack token": "(?:xox[abeoprs]|xapp)-([A-Za-z0-9-]{10,})",
  "Slack webhook": "hooks\\.slack\\.com/(?:services|workflows)/([A-Za-z0-9/_-]{20,})",
  "Discord webhook": "discord(?:app)?\\.com/api/webhooks/[0-9]{1,30}/([A-Za-z0-9_-]{20,})",
  "Telegram token": "[0-9]{8,10}:(AA[A-Za-z0-9_-]{33})",
  "Stripe key": "(?:[sr]k_(?:live|test)_|whsec_)([A-Za-z0-9+/=]{16,})",
  "SendGrid key": "SG\\.([A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,})",
  "npm token": "(?:npm_|_authToken=)([A-Za-z0-9_=./+-]{36,})",
  "PyPI token": "pypi-([A-Za-z0-9_-]{50,})",
  "Hugging Face token": "hf_([A-Za-z0-9]{30,})",
  "Docker token": "dckr_(?:pat|oat)_([A-Za-z0-9_-]{20,})",
  "DigitalOcean token": "do[oprt]_v1_([0-9a-f]{40,})",
  "hacs-session token": "hacs_[0-9a-f]{1,64}_([A-Za-z0-9_-]{30,})",
  "Vault token": "hv[sbr]\\.([A-Za-z0-9_-]{20,})",
  "age key": "AGE-SECRET-KEY-1([0-9A-Z]{50,})",
  // Its payload and signature; of a header the next dot may be far away.
  "JSON web token": "\\.(eyJ[A-Za-z0-9_-]{10,}(?:\\.[A-Za-z0-9_-]{10,})+)",
  "private key":
    "-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----([A-Za-z0-9+/=\\s\\\\:,.()]{40,}(?:-[A-Za-z0-9+/=\\s\\\\:,.()]+)*)",
  "bearer token": "[Bb]earer\\s{1,8}([A-Za-z0-9._~+/-]{16,}=*)",
  "basic credentials": "[Bb]asic\\s{1,8}([A-Za-z0-9+/]{16,}={0,2})",
  password: "://[^\\s/?#:@\"'<>]{0,100}:([^\\s/?#@\"'<>]{1,200})@",
};
