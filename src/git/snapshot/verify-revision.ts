import { InvalidPropertiesError } from '../../errors.js';
import { parseTag } from '../objects/parse-commit.js';
import type { ReadableObjects } from '../objects/store.js';
import { Refusal } from '../signature/refusal.js';
import { readTrustedKeys, type TrustedKeys } from '../signature/trusted-keys.js';
import { refused, verifyObject } from '../signature/verify-object.js';
import type { Revision, SignatureCheck } from '../types.js';
import { isRefusal, type ObjectFetcher } from './object-fetcher.js';
import { openCommit } from './walk.js';

/** A revision as the remote's refs tell it. */
export interface NamedCommit {
  url: string;
  commit: string;
  /** As people call it. */
  name: string;
  /** Id of the annotated tag that names the commit. */
  tag?: string | undefined;
}

/**
 * What checks the signature of a revision: it brings the commit or the tag, and no tree, and reads nothing else.
 * @throws InvalidPropertiesError when a key is none, or a tag is to be checked where none is named
 */
export function revisionVerifier(check: SignatureCheck, revision: Revision) {
  const keys = checkedKeys(check, revision);
  return async (fetcher: ObjectFetcher, named: NamedCommit): Promise<void> => {
    // A ref that names the commit entitles to have it from memory.
    if (revision.commit === undefined && check.mode === 'HEAD') await fetcher.recall();
    await bring(fetcher, check.mode === 'TAG' ? (named.tag ?? named.commit) : named.commit);
    await verifyNamed(fetcher.objects, named, check.mode, keys);
  };
}

/** As `revisionVerifier` says, for those who have the objects at hand. */
export function checkedKeys({ mode, keys }: SignatureCheck, { tag, semver, commit }: Revision): TrustedKeys {
  if (mode === 'TAG' && tag === undefined && semver === undefined) {
    throw new InvalidPropertiesError(
      commit === undefined
        ? '"verify.mode: TAG" needs a tag, and neither "tag" nor "semver" is set.'
        : `"verify.mode: TAG" needs a tag, and commit ${commit} is asked for by its id.`,
      {
        hint:
          commit === undefined
            ? 'Name a tag, or check the commit itself: "mode: HEAD".'
            : 'Name the tag of that commit with "tag", also to go back to it, or check the commit itself: "mode: HEAD".',
      },
    );
  }
  return readTrustedKeys(keys);
}

/**
 * Checks the commit, or the tag that leads to it.
 * @throws SignatureVerificationError
 */
export async function verifyNamed(
  objects: ReadableObjects,
  { url, commit, name, tag }: NamedCommit,
  mode: SignatureCheck['mode'],
  keys: TrustedKeys,
): Promise<void> {
  if (mode === 'HEAD') {
    const title = `Commit ${commit.slice(0, 10)} (${name}) of ${url}`;
    const { oid } = openCommit(objects, commit);
    return verifyObject({ type: 'commit', oid, data: contentOf(objects, oid), title }, keys);
  }
  const title = `Tag ${JSON.stringify(name)} of ${url}`;
  if (tag === undefined) {
    throw refused(title, commit, new Refusal('UNSIGNED', 'it is a lightweight tag, which cannot be signed'));
  }
  const data = contentOf(objects, tag);
  await verifyObject({ type: 'tag', oid: tag, data, title }, keys);
  const { name: own } = parseTag(data, tag);
  // A ref can be pointed at any tag ever signed: the name that was signed has to be the one that was asked for.
  if (own !== name) {
    const message = `what was signed is the tag ${JSON.stringify(own)}`;
    throw refused(title, tag, new Refusal('WRONG_OBJECT', message));
  }
  if (openCommit(objects, tag).oid !== commit) {
    const message = `what was signed is not the commit ${commit.slice(0, 10)}`;
    throw refused(title, tag, new Refusal('WRONG_OBJECT', message));
  }
}

/** The object and what it leads to, without trees where the server can leave them out. */
async function bring(fetcher: ObjectFetcher, oid: string): Promise<void> {
  if (fetcher.objects.has(oid)) return;
  try {
    await fetcher.fetch({ wants: [oid], deepen: 1, filter: 'tree:0' });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await fetcher.fetchWholeTip(oid);
  }
}

function contentOf(objects: ReadableObjects, oid: string): Uint8Array {
  return objects.get(oid)?.data ?? new Uint8Array();
}
