import { InvalidPropertiesError } from '../../errors.js';
import type { Signature } from '../types.js';

export interface CommitFields {
  tree: string;
  parents: readonly string[];
  author: Signature;
  committer: Signature;
  message: string;
}

/**
 * A commit's content in UTF-8. Names are cleaned as git's ident.c does, the message ends with one newline.
 * @throws InvalidPropertiesError when a name is empty or a time is none
 */
export function encodeCommit(fields: CommitFields): Buffer {
  const headers = [
    `tree ${fields.tree}`,
    ...fields.parents.map((parent) => `parent ${parent}`),
    `author ${formatSignature(fields.author, 'author')}`,
    `committer ${formatSignature(fields.committer, 'committer')}`,
  ];
  return Buffer.from(`${headers.join('\n')}\n\n${cleanMessage(fields.message)}`, 'utf8');
}

/** Puts an armoured signature over `content` into its `gpgsig` header, where git looks for PGP and SSH ones alike. */
export function addCommitSignature(content: Uint8Array, armour: string): Buffer {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const headersEnd = bytes.indexOf('\n\n') + 1;
  const folded = armour.replaceAll('\r\n', '\n').trim().replaceAll('\n', '\n ');
  const header = Buffer.from(`gpgsig ${folded}\n`, 'utf8');
  return Buffer.concat([bytes.subarray(0, headersEnd), header, bytes.subarray(headersEnd)]);
}

function formatSignature(signature: Signature, role: string): string {
  const name = cleanIdentity(signature.name);
  if (name === '') {
    throw new InvalidPropertiesError(
      `The ${role}'s name ${JSON.stringify(signature.name)} is empty for git`,
      {
        hint: `Set "${role}Name" to a name with at least one letter or digit.`,
      },
    );
  }
  const { timestamp, timezoneOffset } = signature;
  if (!Number.isFinite(timestamp) || timestamp < 0 || !(Math.abs(timezoneOffset) < 100 * 60)) {
    throw new InvalidPropertiesError(
      `The ${role}'s time ${timestamp} (${timezoneOffset}) is no time for git`,
    );
  }
  return `${name} <${cleanIdentity(signature.email)}> ${Math.floor(timestamp)} ${formatZone(timezoneOffset)}`;
}

function formatZone(timezoneOffset: number): string {
  const minutes = Math.abs(Math.round(timezoneOffset));
  const digits = String(Math.floor(minutes / 60) * 100 + (minutes % 60)).padStart(4, '0');
  return `${timezoneOffset > 0 ? '-' : '+'}${digits}`;
}

/** What ident.c calls crud goes at both ends (a full stop stays, for "Jr."); what would break the header goes everywhere. */
function cleanIdentity(text: string): string {
  return [...text]
    .filter((character) => !'<>\n\r\0'.includes(character))
    .join('')
    .replace(/^[\s,:;"\\']+|[\s,:;"\\']+$/g, '');
}

function cleanMessage(message: string): string {
  const text = message.replaceAll('\0', '').replace(/\r\n?/g, '\n').replace(/^\n+/, '').trimEnd();
  return text === '' ? '' : `${text}\n`;
}
