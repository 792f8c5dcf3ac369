import { isIP, type LookupFunction } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidPropertiesError, RemoteNotAllowedError } from '../../errors.js';
import { addressKind } from './address-kind.js';
import { hostOf, parseEntry } from './entries.js';

/** Which remotes may be reached by whoever writes flows, on a machine that can reach more than they may. */
export interface RemotePolicy {
  /**
   * Judges a URL by what it says. To be asked before every connection, redirects included.
   * @throws RemoteNotAllowedError
   */
  check(url: URL): void;
  /**
   * Resolves the URL's host for a connection, and fails where an address is not allowed. What is judged is what is
   * connected to: a name that resolves differently a moment later gains nothing.
   */
  lookup(url: URL): LookupFunction;
  /**
   * Resolves the URL's host here, for a connection that somebody else makes: a proxy. A name that only the proxy can
   * resolve is left to it.
   * @throws RemoteNotAllowedError
   */
  checkResolved(url: URL): Promise<void>;
}

export interface RemotePolicyOptions {
  /**
   * Hosts (`git.example`, `*.example`, `https://git.example:8443`), addresses and networks (`10.1.0.0/16`), directories
   * (`file:///srv/git`), and `*` for every public host, which is the default. A host that is named may have a private
   * address; one below `*` may not; link-local and reserved addresses are only reached when they are listed themselves.
   */
  allowedRemotes?: readonly string[] | undefined;
  /** The system's resolver by default. */
  resolver?: LookupFunction | undefined;
}

/** Loaded when the first name is to be resolved. */
const systemLookup: LookupFunction = (hostname, options, callback) => {
  process.getBuiltinModule('node:dns').lookup(hostname, options, callback);
};

/** @throws InvalidPropertiesError for an entry that is not understood */
export function createRemotePolicy({
  allowedRemotes = ['*'],
  resolver = systemLookup,
}: RemotePolicyOptions = {}): RemotePolicy {
  const entries = allowedRemotes.map(parseEntry);

  const allowsAddress = (url: URL, address: string): boolean => {
    const kind = addressKind(address);
    return entries.some((entry) => {
      if (entry.kind === 'network') return entry.matches(url) && entry.contains(address);
      if (entry.kind === 'name') return kind !== 'special' && entry.matches(url);
      return entry.kind === 'anything' && kind === 'public' && entry.matches(url);
    });
  };
  const lookup =
    (url: URL): LookupFunction =>
    (hostname, options, callback) => {
      resolver(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) return callback(error, '', 4);
        const addresses = Array.isArray(found) ? found : [{ address: found, family: isIP(found) }];
        // One that is not allowed spoils the name: the next attempt would otherwise go there.
        const refused = addresses.some(({ address }) => !allowsAddress(url, address));
        const [first] = addresses;
        if (refused || first === undefined) return callback(notAllowed(url, true), '', 4);
        return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
      });
    };

  return {
    check(url) {
      if (url.protocol === 'file:') {
        const path = pathOf(url);
        const held = entries.some((entry) => entry.kind === 'directory' && entry.holds(path));
        if (!held) throw notAllowed(url, false);
        return;
      }
      const host = hostOf(url);
      const allowed =
        isIP(host) === 0
          ? // A name may still lie in a listed network, which its addresses will tell.
            entries.some((entry) => entry.kind !== 'directory' && entry.matches(url))
          : allowsAddress(url, host);
      if (!allowed) throw notAllowed(url, false);
    },

    lookup,

    checkResolved(url) {
      if (isIP(hostOf(url)) !== 0) return Promise.resolve();
      return new Promise((done, reject) => {
        lookup(url)(hostOf(url), { all: true }, (error) => {
          if (error instanceof RemoteNotAllowedError) reject(error);
          else done();
        });
      });
    },
  };
}

function pathOf(url: URL): string {
  try {
    return resolve(fileURLToPath(url));
  } catch (cause) {
    throw new InvalidPropertiesError('The file URL names no file on this machine.', {
      hint: 'Write three slashes: file:///absolute/path.',
      cause,
    });
  }
}

function notAllowed(url: URL, isResolved: boolean): RemoteNotAllowedError {
  const place = url.protocol === 'file:' ? 'The repository in a directory of this machine' : url.host;
  const why = isResolved ? 'resolves to an address that is not allowed here' : 'is not allowed here';
  return new RemoteNotAllowedError(`${place} ${why}.`, {
    hint: 'Ask the operator to list it in "allowedRemotes"; local, private and link-local addresses are refused otherwise.',
  });
}
