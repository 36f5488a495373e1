/** What the config file's members about the port look like, as patterns: the daemon's and doctor's. */

export const pathRule = "^/";

/** Each is a list of at most so many. */
export const listMax = 100;
export const listRules = {
  listen: { pattern: "^.*:[0-9]+$", about: "addresses as 127.0.0.1:9100" },
  behindProxy: {
    pattern: "^[0-9A-Fa-f:.]+(/[0-9]+)?$",
    about: "IP addresses or networks as 10.0.0.0/8",
  },
  allowedHosts: {
    pattern: "^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?$",
    about: "names as team.example or team.example:8443",
  },
  // As browsers send it: no path, no slash at the end, and never "null" or "*".
  allowedOrigins: {
    pattern: "^[a-z][a-z0-9+.-]*://[^/\\s*]+$",
    about: "origins as https://app.example",
  },
} as const;
