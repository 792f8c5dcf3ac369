import { RemoteError } from '../../../errors.js';

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return redirectStatuses.has(status);
}

/**
 * The repository's new base URL after `from` was redirected to `location`: what stands before `suffix`, as git does it.
 * @throws RemoteError for a target that is not the same endpoint elsewhere, or that gives up https
 */
export function redirectedBase(from: URL, location: string | undefined, suffix: string): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw refused(from, 'to nowhere');
  }
  const target = new URL(location, from);
  const shown = withoutSecrets(target);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw refused(from, `to ${shown}`);
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw refused(from, `from https to plain http (${shown})`);
  }
  if (!target.pathname.endsWith(suffix)) throw refused(from, `to ${shown}, which is not a git repository`);
  const base = new URL(target.origin);
  base.pathname = target.pathname.slice(0, -suffix.length);
  return base;
}

/** Whether credentials meant for `original` may be sent to `url`: the same server, or its move from http to https. */
export function mayShareCredentials(original: URL, url: URL): boolean {
  if (url.origin === original.origin) return true;
  const upgraded = original.protocol === 'http:' && url.protocol === 'https:';
  return upgraded && url.hostname === original.hostname && original.port === '' && url.port === '';
}

/** Without user-info, query and fragment: all that may hold a secret. */
function withoutSecrets({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

function refused(from: URL, where: string): RemoteError {
  return new RemoteError(`${from.host} redirects ${where}.`, {
    retryable: false,
    hint: 'Check the URL; private repositories may redirect to a login page.',
  });
}
