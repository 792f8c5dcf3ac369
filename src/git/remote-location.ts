export interface RemoteLocation {
  /** Lower case, without a port. */
  host: string;
  /** Scheme, host and port of the web server that most likely stands beside the git server. */
  origin: string;
  /** Without slashes at the ends and without `.git`, percent-encoded. */
  path: string;
}

/** `user@host:path`: a colon before the first slash, and no scheme (git-fetch(1), "GIT URLS"). */
const scpLike = /^(?:[^@/\s]+@)?(\[[^\]]+\]|[^:/\s[\]]+):(?!\/\/|\\)(.+)$/;

/** Where a remote's web pages stand, for the ways git lets one write a remote; null for local ones and nonsense. */
export function parseRemoteLocation(remoteUrl: string): RemoteLocation | null {
  const scp = remoteUrl.includes('://') ? null : scpLike.exec(remoteUrl);
  const text = scp === null ? remoteUrl : `ssh://${scp[1]}/${scp[2]}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (!['http:', 'https:', 'ssh:', 'git+ssh:', 'ssh+git:'].includes(url.protocol) || url.hostname === '') {
    return null;
  }
  const path = url.pathname.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  if (path === '') return null;
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
  const host = webHost(url.hostname.toLowerCase());
  // The port of an SSH server says nothing about the web server's.
  const origin = isWeb ? `${url.protocol}//${url.host}` : `https://${host}`;
  return { host, origin, path };
}

/** GitHub, GitLab and Bitbucket answer SSH on port 443 under a name of their own. */
function webHost(host: string): string {
  const alternative: Record<string, string> = {
    'ssh.github.com': 'github.com',
    'altssh.gitlab.com': 'gitlab.com',
    'altssh.bitbucket.org': 'bitbucket.org',
  };
  return alternative[host] ?? host;
}
