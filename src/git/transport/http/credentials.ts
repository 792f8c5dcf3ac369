export interface Credentials {
  username?: string | undefined;
  password?: string | undefined;
}

/** A user name that GitHub, GitLab, Gitea and Azure Repos accept beside a token; Bitbucket has one of its own. */
function tokenUsername(url: URL): string {
  return url.hostname === 'bitbucket.org' ? 'x-token-auth' : 'x-access-token';
}

/** Credentials of a URL's user-info, overruled by those given beside it. */
export function collectCredentials(url: URL, given: Credentials): Credentials {
  return {
    username: given.username ?? (url.username === '' ? undefined : decode(url.username)),
    password: given.password ?? (url.password === '' ? undefined : decode(url.password)),
  };
}

/** The `Authorization` header for basic authentication; null without credentials. */
export function basicAuthorization(url: URL, { username = '', password = '' }: Credentials): string | null {
  if (username === '' && password === '') return null;
  const pair = `${username === '' ? tokenUsername(url) : username}:${password}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
