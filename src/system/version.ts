/** This build's version, put in by scripts/build.mjs; sources run by a test say `0.0.0-source`. */
export const version: string = process.env.HACS_SESSION_VERSION ?? "0.0.0-source";
