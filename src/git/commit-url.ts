import { parseRemoteLocation } from './remote-location.js';

/**
 * The page that shows a commit in the forge's web interface, or null for remotes that have none. Known by host name:
 * GitHub, GitLab, Bitbucket, Azure Repos, Gitea and Forgejo; any other host is taken to speak the commonest form.
 * Credentials in the URL are dropped.
 */
export function commitUrl(remoteUrl: string, commit: string): string | null {
  const location = parseRemoteLocation(remoteUrl);
  if (location === null) return null;
  const { host, origin, path } = location;
  const azure = azureRepository(host, path);
  if (azure !== null) return `${azure}/commit/${commit}`;
  if (host.includes('gitlab')) return `${origin}/${path}/-/commit/${commit}`;
  if (host.includes('bitbucket')) return bitbucketUrl(origin, path, commit);
  return `${origin}/${path}/commit/${commit}`;
}

/** Bitbucket Data Center clones from `/scm/<project>/<repository>` and shows `/projects/…`; the cloud has one form. */
function bitbucketUrl(origin: string, path: string, commit: string): string {
  const server = /^scm\/([^/]+)\/([^/]+)$/.exec(path);
  if (server === null) return `${origin}/${path}/commits/${commit}`;
  const [, project = '', repository = ''] = server;
  const owner = project.startsWith('~') ? `users/${project.slice(1)}` : `projects/${project}`;
  return `${origin}/${owner}/repos/${repository}/commits/${commit}`;
}

/** Azure's SSH remotes name the same repository in another order than its pages do. */
function azureRepository(host: string, path: string): string | null {
  if (host === 'dev.azure.com' || host.endsWith('.visualstudio.com')) {
    if (path.includes('_git/')) return `https://${host}/${path}`;
  }
  const ssh = /^v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path);
  if (ssh === null) return null;
  const [, organisation, project, repository] = ssh;
  if (host === 'ssh.dev.azure.com') {
    return `https://dev.azure.com/${organisation}/${project}/_git/${repository}`;
  }
  if (host === 'vs-ssh.visualstudio.com') {
    return `https://${organisation}.visualstudio.com/${project}/_git/${repository}`;
  }
  return null;
}
