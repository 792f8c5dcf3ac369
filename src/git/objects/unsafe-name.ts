import { fromRawName } from './raw-tree.js';

const backslash = '\\';

/**
 * Code points that HFS+ ignores when it compares names, so that `.g\u200cit` is `.git` there
 * (git: utf8.c, next_hfs_char; CVE-2014-9390).
 */
const ignoredByHfs = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** Short names NTFS may give `.git`, trailing spaces and dots that it drops, and streams of it. */
const dotGitOnNtfs = /^(?:\.git|git~1)[ .]*(?:[:\\]|$)/iu;

/**
 * As NTFS may take a name for `.gitmodules`: with short names, the last of which are made of a hash (git: path.c,
 * is_ntfs_dot_generic).
 */
const gitmodulesOnNtfs =
  /^(?:\.gitmodules|gitmod~[1-4]|gi7eba~[1-9]|gi7eb~[1-9]\d|gi7e~[1-9]\d{2}|gi7~[1-9]\d{3}|gi~[1-9]\d{4}|g~[1-9]\d{5}|~[1-9]\d{6})[ .]*(?::|$)/i;

/** Why a single path segment of a tree must not be used, or null when it is fine. */
export function unsafeNameReason(name: string): string | null {
  if (isPlainName(name)) return null;
  if (name === '') return 'has no name';
  if (name === '.' || name === '..') return 'is a relative path';
  if (name.includes('/') || name.includes('\0')) return 'is not a single name';
  if (dotGitOnNtfs.test(name)) return 'stands for the repository itself';
  if (name.replace(ignoredByHfs, '').toLowerCase() === '.git') return 'stands for the repository itself';
  if (name.includes(backslash) && name.split(backslash).some((part) => unsafeNameReason(part) !== null)) {
    return 'leaves its directory on Windows';
  }
  return null;
}

/** As {@link unsafeNameReason}, of a name as a raw tree has it. */
export function unsafeRawNameReason(name: string): string | null {
  return isPlainName(name) ? null : unsafeNameReason(fromRawName(name));
}

/** Whether a file system may take a name, as a raw tree has it, for `.gitmodules`. */
export function isGitmodules(rawName: string): boolean {
  const name = fromRawName(rawName);
  return gitmodulesOnNtfs.test(name) || name.replace(ignoredByHfs, '').toLowerCase() === '.gitmodules';
}

/**
 * The quick answer for nearly every name: ASCII letters, digits and harmless signs, no dot in front. Such a name is the
 * same whether its bytes are read as UTF-8 or as latin1.
 */
export function isPlainName(name: string): boolean {
  return /^(?!git~)[\w-][\w.~@+ -]*$/i.test(name);
}
