/** What git programs run for `file://` remotes with: where they are and how they are configured, and no secrets. */
export function gitEnvironment(env: Readonly<Record<string, string | undefined>>) {
  const names = [
    'PATH',
    'HOME',
    'XDG_CONFIG_HOME',
    'GIT_EXEC_PATH',
    'GIT_CONFIG_GLOBAL',
    'GIT_CONFIG_NOSYSTEM',
  ];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
