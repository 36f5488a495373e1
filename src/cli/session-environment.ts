/** The client's environment, as the agent is to have it. */
export function environment(
  env: NodeJS.ProcessEnv,
  more: [string, string][] = [],
): Record<string, string> {
  const given = Object.entries(env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  return Object.fromEntries([...given, ...more]);
}
